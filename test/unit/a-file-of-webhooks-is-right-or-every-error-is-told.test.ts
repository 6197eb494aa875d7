import { expect, it } from '@jest/globals';
import { blockedPorts } from '../../src/lib/blocked-ports.js';
import { loadWebhookTargets } from '../../src/webhooks/webhook-targets.js';
import { withTemporaryFiles } from '../support/temporary-files.js';

const files = withTemporaryFiles();
const key = (byte: number, length = 24) => Buffer.alloc(length, byte);
const secret = (byte: number, length = 24) => `whsec_${key(byte, length).toString('base64')}`;

const load = async (content: unknown) =>
  loadWebhookTargets(
    await files.write('webhooks.json', typeof content === 'string' ? content : JSON.stringify(content)),
  );
const refusalOf = async (content: unknown): Promise<string> => {
  const failure: unknown = await load(content).catch((error: unknown) => error);
  if (!(failure instanceof Error)) throw new Error('it was taken');
  return failure.message;
};

it('a row says whom to tell of what', async () => {
  const rows = [
    { tenant: 'acme', url: 'https://acme.example/hooks?from=baton', secret: secret(1) },
    {
      tenant: 'umbrella',
      url: 'http://localhost:9000/',
      secret: [secret(2, 64), secret(3)],
      events: ['session.expired'],
    },
  ];
  const [acme, umbrella] = await load(rows);
  expect(acme).toMatchObject({ tenant: 'acme', url: rows[0]?.url, secrets: [key(1)] });
  expect([...(acme?.events ?? [])]).toEqual([
    'session.connected',
    'session.disconnected',
    'session.expired',
    'session.ended',
  ]);
  expect(umbrella?.secrets).toEqual([key(2, 64), key(3)]);
  expect([...(umbrella?.events ?? [])]).toEqual(['session.expired']);
});

it('everything that is wrong is told at once, and no secret', async () => {
  const message = await refusalOf([
    { tenant: 'a/b', url: 'https://acme.example', secret: secret(1) },
    { tenant: 'acme', url: 'ftp://acme.example', secret: `${secret(2)}!`, event: ['session.connected'] },
    { tenant: 'other', url: 'https://ann:pass@acme.example', secret: secret(3, 10), events: ['session.moved'] },
    { tenant: 'more', url: 'https://acme.example', secret: [secret(4), secret(5), secret(6)] },
    { tenant: 'none', url: 'https://acme.example', events: [] },
  ]);
  for (const part of [
    '0.tenant',
    '1.url',
    '1.secret',
    '"event"',
    '2.url',
    '2.secret',
    '2.events',
    '3.secret',
    '4.secret',
    '4.events',
  ])
    expect(message).toContain(part);
  for (const byte of [1, 2, 3, 4, 5, 6]) expect(message).not.toContain(key(byte, 10).toString('base64').slice(0, 8));
});

it.each([1, 22, 6000, 6665, 6697, 10_080])('a port that fetch never calls is told at once: %s', async (port) => {
  const url = `http://127.0.0.1:${port}/hook`;
  const failure: unknown = await fetch(url).catch((error: unknown) => error);
  expect(failure).toMatchObject({ cause: { message: 'bad port' } });
  const message = await refusalOf([{ tenant: 'acme', url, secret: secret(1) }]);
  expect(message).toMatch(/0\.url: .*port/);
});

it('the ports of fetch are those that it refuses', async () => {
  for (const port of blockedPorts)
    await expect(fetch(`http://127.0.0.1:${port}`)).rejects.toMatchObject({ cause: { message: 'bad port' } });
  for (const port of ['', ':80', ':443', ':8080', ':9000'])
    expect(await load([{ tenant: 'acme', url: `https://acme.example${port}/hook`, secret: secret(1) }])).toHaveLength(
      1,
    );
});

it.each([
  ['no JSON', '[{', 'is not JSON'],
  ['no list', { tenant: 'acme' }, 'the file'],
  ['nothing', '', 'is empty'],
  [
    'one tenant twice',
    [1, 2].map((byte) => ({ tenant: 'acme', url: 'https://acme.example', secret: secret(byte) })),
    'a tenant is there twice',
  ],
])('%s is refused', async (_what, content, sentence) => {
  expect(await refusalOf(content)).toContain(sentence);
});
