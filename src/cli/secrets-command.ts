import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { UsageError, type Command } from './command.js';
import { EVERYTHING, newApiKey, newSecret } from './new-api-key.js';
import { tenantOption } from './option-values.js';

export const secretsCommand: Command = {
  name: 'secrets',
  summary: 'make the secret files of a development installation',
  usage: `baton secrets --dir <directory> [--tenant development]

Writes token-secret, resume-keys and api-keys.json (mode 0600) and overwrites nothing. Prints the settings that name
them and, as a comment, an API key that may do everything in the tenant.`,

  async run(args, terminal) {
    const { values } = parseArgs({
      args: [...args],
      options: { dir: { type: 'string' }, tenant: { type: 'string', default: 'development' } },
    });
    if (values.dir === undefined || values.dir === '') throw new UsageError('--dir must be a directory');
    const tenant = tenantOption(values.tenant);
    const { key, row } = newApiKey('development', tenant, EVERYTHING);
    const files = [
      { name: 'token-secret', setting: 'BATON_TOKEN_SECRET_FILE', content: newSecret() },
      { name: 'resume-keys', setting: 'BATON_RESUME_KEYS_FILE', content: newSecret() },
      { name: 'api-keys.json', setting: 'BATON_API_KEYS_FILE', content: JSON.stringify([row], null, 2) },
    ].map((file) => ({ ...file, path: join(resolve(values.dir ?? ''), file.name) }));
    const there = files.filter(({ path }) => existsSync(path));
    if (there.length > 0)
      throw new UsageError(`nothing was written: ${there.map(({ path }) => path).join(', ')} is there already`);
    await mkdir(resolve(values.dir), { recursive: true, mode: 0o700 });
    for (const { path, content } of files) await writeFile(path, `${content}\n`, { mode: 0o600, flag: 'wx' });
    for (const { setting, path } of files) terminal.print(`${setting}=${path}`);
    terminal.print(`# API key of tenant ${tenant}: ${key}`);
    return 0;
  },
};
