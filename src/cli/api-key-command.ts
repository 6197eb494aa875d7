import { parseArgs } from 'node:util';
import { isId } from '../protocol/ids.js';
import { UsageError, type Command } from './command.js';
import { newApiKey } from './new-api-key.js';
import { grantOptions, tenantOption } from './option-values.js';

export const apiKeyCommand: Command = {
  name: 'api-key',
  summary: 'make an API key for a backend',
  usage: `baton api-key --tenant <id> --id <id> [--grant <stream>=<permissions>]...

  --id     names the key in the file and in logs: letters, digits, _ and -, at most 32
  --grant  may be repeated: *=publish; permissions are subscribe, publish and presence

Prints two lines: the key, for the backend's "Authorization: Bearer", and its row for the file that
BATON_API_KEYS_FILE names, a JSON array. The key is nowhere else: the row has only its hash.`,

  async run(args, terminal) {
    const { values } = parseArgs({
      args: [...args],
      options: {
        tenant: { type: 'string' },
        id: { type: 'string' },
        grant: { type: 'string', multiple: true },
      },
    });
    if (!isId(values.id)) throw new UsageError('--id must be letters, digits, _ and -, at most 32');
    const { key, row } = newApiKey(values.id, tenantOption(values.tenant), grantOptions(values.grant));
    terminal.print(key);
    terminal.print(JSON.stringify(row));
    return 0;
  },
};
