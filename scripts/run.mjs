// `npm test`, `npm run demo`, `npm run dev`, `npm run campaign` and `npm run test:cluster` on a machine that has only Node >= 20 and npm: brings what is
// missing, builds, and hands over to the inner script, whose PATH finds the Node that package.json names.
// It needs nothing installed and asks nothing.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findChromium } from '../test/support/browser/chromium-binary.mjs';
import { findRedisServer } from '../test/support/redis-binary.mjs';

const repository = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const stamp = join(repository, 'node_modules', '.stamp-lockfile');

/** @type {Readonly<Record<string, { script: string, needsRedis: boolean, usesChromium?: boolean }>>} */
const commands = {
  test: { script: 'test:all', needsRedis: true, usesChromium: true },
  demo: { script: 'demo:run', needsRedis: true },
  dev: { script: 'dev:run', needsRedis: false },
  campaign: { script: 'campaign:run', needsRedis: true },
  'example:chat': { script: 'example:chat:run', needsRedis: false },
  bench: { script: 'bench:run', needsRedis: true },
  'test:cluster': { script: 'test:cluster:run', needsRedis: false },
};

/** @param {string} line */
function say(line) {
  process.stdout.write(`${line}\n`);
}

/** @param {string} sentence @returns {never} */
function giveUp(sentence) {
  process.stderr.write(`${sentence}\n`);
  process.exit(1);
}

/**
 * Runs a command to its end and shows what it printed only if it fails.
 * @param {string} what
 * @param {string} program
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} env
 */
function step(what, program, args, env = process.env) {
  const failure = attempt(what, program, args, env);
  if (failure !== undefined) giveUp(failure);
}

/**
 * The same, and whoever asks may do without.
 * @param {string} what
 * @param {string} program
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @returns {string | undefined} why it failed
 */
function attempt(what, program, args, env) {
  say(`${what} ...`);
  const startedMs = Date.now();
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd: repository,
    env,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (status !== 0) {
    process.stderr.write(`${stdout ?? ''}${stderr ?? ''}`);
    return `${what} failed: ${error?.message ?? `${program} ${args.join(' ')} ended with ${status}`}`;
  }
  say(`${what}: ${((Date.now() - startedMs) / 1000).toFixed(1)} s`);
  return undefined;
}

/** PATH without this repository's programs: `npm ci` replaces them, and so must not run on them. */
function pathOutside() {
  const own = join(repository, 'node_modules');
  const entries = (process.env['PATH'] ?? '').split(delimiter).filter((entry) => !resolve(entry).startsWith(own));
  return entries.join(delimiter);
}

function installPackages() {
  const hash = createHash('sha256')
    .update(readFileSync(join(repository, 'package-lock.json')))
    .digest('hex');
  const hasNode = existsSync(join(repository, 'node_modules', 'node', 'bin', 'node'));
  if (hasNode && existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return;
  // Without the log level, npm on Node 20 prints a wall of warnings about engines.
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  step('npm packages (npm ci)', 'npm', args, { ...process.env, PATH: pathOutside() });
  if (!existsSync(join(repository, 'node_modules', 'node', 'bin', 'node'))) {
    giveUp('npm ci ran, but left out the program of the package "node": are install scripts blocked (ignore-scripts)?');
  }
  writeFileSync(stamp, hash);
}

function ensureRedis() {
  if ((process.env['BATON_REDIS_URL'] ?? '') !== '' || findRedisServer() !== undefined) return;
  if (!mayInstall()) {
    giveUp(
      'Redis is missing: install redis-server (Debian: redis-tools is enough), or set BATON_REDIS_URL to a Redis 7.',
    );
  }
  // redis-tools has the server's program, too, and starts no daemon.
  const failure = install('Redis', ['redis-tools']);
  if (failure !== undefined) giveUp(failure);
  if (findRedisServer() === undefined) {
    giveUp('redis-tools is installed but has no Redis server in it: install redis-server, or set BATON_REDIS_URL.');
  }
}

/** Tests in a browser are skipped, and counted so, where there is none. */
function ensureChromium() {
  if ((process.env['BATON_TEST_CHROMIUM'] ?? '') !== '' || findChromium() !== undefined || !mayInstall()) return;
  // Debian keeps one version, the newest. The sandbox is for kernels that give users no namespaces of their own.
  const failure = install('Chromium', ['chromium', 'chromium-sandbox']);
  if (failure !== undefined) say(failure);
}

function mayInstall() {
  return process.getuid?.() === 0 && spawnSync('apt-get', ['--version']).status === 0;
}

/**
 * @param {string} what
 * @param {readonly string[]} packages of Debian
 * @returns {string | undefined} why it failed
 */
function install(what, packages) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const args = ['install', '-y', '--no-install-recommends', ...packages];
  return (
    attempt('Debian package lists (apt-get update)', 'apt-get', ['update'], env) ??
    attempt(`${what} (apt-get install ${packages.join(' ')})`, 'apt-get', args, env)
  );
}

/**
 * The scripts it runs begin with `exec`: npm passes a signal to its shell only, which would die of it, and npm with it,
 * and leave the program running on its own.
 * @param {string} script
 * @param {readonly string[]} args
 */
function handOver(script, args) {
  const separator = args.length > 0 ? ['--'] : [];
  const child = spawn('npm', ['run', '--silent', script, ...separator, ...args], { cwd: repository, stdio: 'inherit' });
  // A terminal's Ctrl-C reaches the whole process group by itself; a second SIGINT would mean "don't wait".
  process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'));
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  child.on('error', (error) => giveUp(`npm could not be started: ${error.message}`));
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
}

const [name = '', ...args] = process.argv.slice(2);
const command = commands[name];
if (command === undefined) giveUp(`usage: node scripts/run.mjs ${Object.keys(commands).join('|')} [arguments]`);
installPackages();
if (command.needsRedis) ensureRedis();
if (command.usesChromium === true) ensureChromium();
step('build', join(repository, 'node_modules', 'node', 'bin', 'node'), ['scripts/build.mjs']);
handOver(command.script, args);
