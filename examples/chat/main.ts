// A chat with its own backend, on a Baton that keeps everything in this process's memory: nothing to install, nothing kept.
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { startDev } from '../../src/cli/dev/start-dev.js';
import { ChatBackend } from './chat-backend.js';

const { values } = parseArgs({ options: { port: { type: 'string', default: '3000' } } });
const sdk = await readFile(new URL('../../page/baton.min.js', import.meta.url), 'utf8');
const baton = await startDev({ port: 0 });
const backend = await ChatBackend.start({
  batonUrl: baton.url.replace(/^http/, 'ws'),
  apiKey: baton.apiKey,
  token: (user, channels) =>
    baton.token(user, {
      grants: channels.map((channel) => ({
        stream: `channel:${channel}`,
        can: ['subscribe', 'publish', 'presence'],
      })),
    }),
  sdk,
  port: Number(values.port),
}).catch((error: unknown) => {
  process.stderr.write(`The chat could not be started: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
process.stdout.write(`The chat: ${backend.url}\nBaton:    ${baton.url}\nCtrl-C ends both.\n`);

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    void backend.stop().then(() => baton.close());
  });
}
