// What the SDK's types say: the reference in docs/sdk.md, which `npm run docs:sdk` writes below its marker.
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const repository = resolve(import.meta.dirname, '..');
const page = join(repository, 'docs/sdk.md');
const marker = '<!-- From here on `npm run docs:sdk` writes what the types say. -->';

/** @typedef {{ name: string, signature: string, doc: string }} Member */
/** @typedef {{ name: string, kind: string, signature: string, doc: string, members: readonly Member[] }} Exported */
/** @typedef {{ module: string, exports: readonly Exported[] }} Entry */

const entries = [
  { module: '@baton-service/client', file: 'src/client/index.ts' },
  { module: '@baton-service/client/backend', file: 'src/client/backend/index.ts' },
];

/**
 * Every symbol that the package exports, with its public members.
 * @returns {readonly Entry[]}
 */
export function sdkReference() {
  const config = join(repository, 'tsconfig.client.json');
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(config, ts.sys.readFile).config,
    ts.sys,
    dirname(config),
  );
  const program = ts.createProgram(
    entries.map(({ file }) => join(repository, file)),
    options,
  );
  const checker = program.getTypeChecker();
  return entries.map(({ module, file }) => {
    const source = program.getSourceFile(join(repository, file));
    const symbol = source && checker.getSymbolAtLocation(source);
    if (symbol === undefined) throw new Error(`${file} exports nothing`);
    const exported = checker
      .getExportsOfModule(symbol)
      .map((each) => exportedOf(resolved(each, checker), each.name, checker));
    return { module, exports: exported.sort((a, b) => order(a) - order(b) || (a.name < b.name ? -1 : 1)) };
  });
}

const kinds = ['function', 'class', 'interface', 'type'];
/** @param {Exported} exported */
const order = ({ kind }) => kinds.indexOf(kind);

/** @param {ts.Symbol} symbol @param {ts.TypeChecker} checker */
const resolved = (symbol, checker) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol);

/** @param {ts.Symbol} symbol @param {ts.TypeChecker} checker */
const docOf = (symbol, checker) =>
  ts.displayPartsToString(symbol.getDocumentationComment(checker)).replace(/\s+/g, ' ').trim();

/**
 * @param {ts.Symbol} symbol
 * @param {string} name
 * @param {ts.TypeChecker} checker
 * @returns {Exported}
 */
function exportedOf(symbol, name, checker) {
  const [declaration] = symbol.declarations ?? [];
  if (declaration === undefined) throw new Error(`${name} has no declaration`);
  const doc = docOf(symbol, checker);
  if (ts.isFunctionDeclaration(declaration))
    return { name, kind: 'function', signature: signatureOf(declaration), doc, members: [] };
  if (ts.isTypeAliasDeclaration(declaration))
    return { name, kind: 'type', signature: signatureOf(declaration), doc, members: [] };
  if (!ts.isClassDeclaration(declaration) && !ts.isInterfaceDeclaration(declaration)) {
    throw new Error(`${name} is of a kind that the reference has no place for`);
  }
  const members = [...declaration.members].flatMap((member) => membersOf(member, checker));
  return {
    name,
    kind: ts.isClassDeclaration(declaration) ? 'class' : 'interface',
    signature: headOf(declaration),
    doc,
    members,
  };
}

/** A constructor's properties are members, too. @param {ts.Node} member @param {ts.TypeChecker} checker @returns {Member[]} */
function membersOf(member, checker) {
  if (ts.isConstructorDeclaration(member)) {
    const properties = member.parameters.filter((parameter) => ts.isParameterPropertyDeclaration(parameter, member));
    return properties.flatMap((parameter) => memberOf(parameter, checker));
  }
  return memberOf(member, checker);
}

/** @param {ts.Node} node @param {ts.TypeChecker} checker @returns {Member[]} */
function memberOf(node, checker) {
  const declaration = /** @type {ts.NamedDeclaration} */ (node);
  const hidden = ts.getCombinedModifierFlags(/** @type {ts.Declaration} */ (node)) & ts.ModifierFlags.Private;
  if (hidden || declaration.name === undefined || ts.isPrivateIdentifier(declaration.name)) return [];
  const symbol = checker.getSymbolAtLocation(declaration.name);
  return symbol
    ? [{ name: declaration.name.getText(), signature: signatureOf(node), doc: docOf(symbol, checker) }]
    : [];
}

/** Without body, comments and what goes without saying. @param {ts.Node} node */
function signatureOf(node) {
  const body = /** @type {{ body?: ts.Node }} */ (node).body;
  const text = node.getText().slice(0, body === undefined ? undefined : body.getStart() - node.getStart());
  return text
    .replace(/\/\*\*[^]*?\*\/|\/\/.*$/gm, '')
    .replace(/\b(export|readonly|async|get(?= \w+\())\b ?/g, '')
    .replace(/\s+/g, ' ')
    .replace(/^\*/, '')
    .replace(/^(\w+)\(\)/, (call, name) => (ts.isGetAccessor(node) ? name : call))
    .replace(/\( | (?=\))|,(?= ?\))/g, (text) => text.replace(/[ ,]/g, ''))
    .replace(/ = [^>|&]*;$/, (initial) => (ts.isTypeAliasDeclaration(node) ? initial : ''))
    .replace(/[;,]$/, '')
    .trim();
}

/** @param {ts.ClassDeclaration | ts.InterfaceDeclaration} declaration */
function headOf(declaration) {
  const parameters = declaration.typeParameters?.map((parameter) => parameter.getText()).join(', ');
  return `${declaration.name?.getText() ?? ''}${parameters === undefined ? '' : `<${parameters}>`}`;
}

/** @returns {string} the page's text below its marker */
export function referenceText() {
  return sdkReference().map(entryText).join('\n');
}

/** @param {Entry} entry */
function entryText({ module, exports: exported }) {
  return [`## \`${module}\``, '', ...exported.flatMap(exportedText)].join('\n');
}

/** @param {Exported} exported */
function exportedText({ name, kind, signature, doc, members }) {
  const head = [
    `### ${kind} \`${name}\``,
    '',
    ...(kind === 'interface' && signature === name ? [] : [`\`${signature}\``, '']),
    doc,
    '',
  ];
  if (members.length === 0) return head;
  const rows = members.map(
    (member) => `| \`${member.signature.replaceAll('|', '\\|')}\` | ${member.doc.replaceAll('|', '\\|')} |`,
  );
  return [...head, '| | |', '|---|---|', ...rows, ''];
}

/** @returns {Promise<{ text: string, current: string }>} the page as it should be, and as it is */
export async function sdkPage() {
  const current = await readFile(page, 'utf8');
  const [guide, more] = current.split(marker);
  if (guide === undefined || more === undefined) throw new Error(`docs/sdk.md has no line ${marker}`);
  return { text: `${guide}${marker}\n\n${referenceText()}`, current };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await writeFile(page, (await sdkPage()).text);
