// Plain JavaScript that needs nothing installed: the scripts behind `npm test` and `npm run demo` ask it, too.
import { spawnSync } from 'node:child_process';
import { executablesNamed } from './executables.mjs';

/**
 * The Redis server's program on this machine. Debian's package redis-tools has it under another name: redis-check-rdb
 * is the same file, and is the server when it is started as redis-server.
 * @returns {string | undefined} its path; start it under the name `redis-server` (argv0). `undefined` if there is none
 */
export function findRedisServer() {
  return executablesNamed(['redis-server', 'redis-check-rdb']).find(isServer);
}

/** @param {string} file */
function isServer(file) {
  const { stdout } = spawnSync(file, ['--version'], { argv0: 'redis-server', encoding: 'utf8', timeout: 10_000 });
  return typeof stdout === 'string' && /^Redis server v=/.test(stdout);
}
