// The names of properties that only the SDK itself sees: baton.min.js has them shortened. `npm run names:client` writes
// private-names.json, which the bundler reads; a test finds a list that is older than the sources.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const repository = resolve(import.meta.dirname, '..');
const listFile = join(import.meta.dirname, 'private-names.json');
/** What is sent, and what is stored: their names are others' as well. */
const shared = ['src/protocol/frames.ts', 'src/client/kept.ts'];

/** What only the observer's events show: private in a file without it. */
const observedNames = ['connection', 'handOver'];

/**
 * @param {{ observed?: boolean }} options `observed`: for a file that has the observer
 * @returns {readonly string[]} the list as it was written last
 */
export function privateNames({ observed = true } = {}) {
  const names = JSON.parse(readFileSync(listFile, 'utf8'));
  return observed ? names : [...names, ...observedNames];
}

/**
 * Properties that the sources declare, without every name that is also one of the public types, of whatever these refer
 * to, of frames, of what is stored, or of anything that a platform has.
 * @returns {readonly string[]}
 */
export function findPrivateNames() {
  const config = join(repository, 'tsconfig.client.json');
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(config, ts.sys.readFile).config,
    ts.sys,
    dirname(config),
  );
  const entry = join(repository, 'src/client/index.ts');
  const program = ts.createProgram([entry], options);
  const sources = program.getSourceFiles().filter(({ fileName }) => fileName.startsWith(join(repository, 'src/')));
  const others = new Set([...platformNames(program), ...publicNames(program, entry), ...sources.flatMap(exportsOf)]);
  return [...new Set(sources.flatMap((source) => [...declaredIn(source)]))].filter((name) => !others.has(name)).sort();
}

/** @param {ts.Program} program */
function platformNames(program) {
  const libraries = program.getSourceFiles().filter((file) => program.isSourceFileDefaultLibrary(file));
  return libraries.flatMap((file) => [...declaredIn(file), ...variablesOf(file)]);
}

/** Functions of a module that another one imports as a whole are reached like properties. @param {ts.SourceFile} source */
const exportsOf = (source) =>
  source.statements.filter(ts.isFunctionDeclaration).flatMap(({ name }) => (name === undefined ? [] : [name.text]));

/** What is global there. @param {ts.SourceFile} file */
const variablesOf = (file) =>
  file.statements
    .filter(ts.isVariableStatement)
    .flatMap(({ declarationList }) => declarationList.declarations.map(({ name }) => name.getText(file)));

/**
 * Names of the exported types and of all types of ours that they are made of.
 * @param {ts.Program} program
 * @param {string} entry
 */
function publicNames(program, entry) {
  const checker = program.getTypeChecker();
  /** @type {Set<ts.Node>} */
  const seen = new Set();
  /** @type {string[]} */
  const names = [];
  /** @param {ts.Symbol | undefined} symbol */
  const follow = (symbol) => {
    const real = symbol && symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    for (const declaration of real?.declarations ?? []) {
      if (declaration.getSourceFile().fileName.startsWith(join(repository, 'src/'))) visit(declaration);
    }
  };
  /** @param {ts.Node} node */
  const visit = (node) => {
    if (seen.has(node) || isHidden(node)) return;
    seen.add(node);
    const name = nameOf(node);
    if (name !== undefined) names.push(name);
    if (ts.isIdentifier(node)) follow(checker.getSymbolAtLocation(node));
    ts.forEachChild(node, visit);
  };
  const symbol = checker.getSymbolAtLocation(/** @type {ts.SourceFile} */ (program.getSourceFile(entry)));
  for (const exported of symbol ? checker.getExportsOfModule(symbol) : []) follow(exported);
  for (const file of shared) visit(/** @type {ts.SourceFile} */ (program.getSourceFile(join(repository, file))));
  return names;
}

/** A class's private members, and what functions do inside. @param {ts.Node} node */
function isHidden(node) {
  if (ts.isBlock(node)) return true;
  const { name } = /** @type {ts.NamedDeclaration} */ (node);
  if (name !== undefined && ts.isPrivateIdentifier(name)) return true;
  return ts.isClassElement(node) && (ts.getCombinedModifierFlags(node) & ts.ModifierFlags.Private) !== 0;
}

/** @param {ts.SourceFile} source */
function declaredIn(source) {
  /** @type {Set<string>} */
  const names = new Set();
  /** @param {ts.Node} node */
  const visit = (node) => {
    const name = nameOf(node);
    if (name !== undefined) names.add(name);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return names;
}

/** Of whatever declares a property. @param {ts.Node} node */
function nameOf(node) {
  const declares =
    ts.isPropertySignature(node) ||
    ts.isPropertyDeclaration(node) ||
    ts.isMethodSignature(node) ||
    ts.isMethodDeclaration(node) ||
    ts.isAccessor(node) ||
    ts.isPropertyAssignment(node) ||
    ts.isShorthandPropertyAssignment(node) ||
    (ts.isParameter(node) && ts.isParameterPropertyDeclaration(node, node.parent));
  return declares && ts.isIdentifier(node.name) ? node.name.text : undefined;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(listFile, `${JSON.stringify(findPrivateNames(), null, 2)}\n`);
}
