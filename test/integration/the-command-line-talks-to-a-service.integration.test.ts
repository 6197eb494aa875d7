import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startDev, type RunningDev } from '../../src/cli/dev/start-dev.js';
import { baton, startBaton } from '../support/cli/baton.js';
import { eventually } from '../support/eventually.js';
import { joinAs } from '../support/in-process-pod.js';
import { withTemporaryFiles } from '../support/temporary-files.js';

const files = withTemporaryFiles();
let dev: RunningDev;
let env: Readonly<Record<string, string>>;

beforeAll(async () => {
  dev = await startDev({ port: 0, env: { BATON_LOG_LEVEL: 'silent' } });
  env = { BATON_URL: dev.url, BATON_API_KEY: dev.apiKey };
});
afterAll(() => dev.close());

const port = () => Number(new URL(dev.url).port);

describe('baton send', () => {
  it('prints where the message is in the stream, and that a repeat had no effect', async () => {
    const args = ['send', 'channel:orders', '{"order": 7}', '--idempotency-key', 'order-7'];
    expect(await baton(args, env)).toMatchObject({ code: 0, out: ['{"offset":1,"repeated":false}'] });
    expect(await baton(args, env)).toMatchObject({ code: 0, out: ['{"offset":1,"repeated":true}'] });
  });

  it('reads the message from standard input, the key from a file, and the URL as a client writes it', async () => {
    const file = await files.write('api-key', `${dev.apiKey}\n`);
    const url = dev.url.replace('http', 'ws');
    const sent = await baton(['send', 'channel:stdin', '-', '--url', url, '--api-key-file', file], {}, '"hello"\n');
    expect(sent).toMatchObject({ code: 0, out: ['{"offset":1,"repeated":false}'] });
  });

  it('says why it was refused, and whether trying again may help', async () => {
    const wrong = await baton(['send', 'tenant', '1'], { ...env, BATON_API_KEY: 'development.wrong' });
    expect(wrong).toMatchObject({ code: 1, out: [] });
    expect(wrong.err).toMatch(/^baton send: unauthorized: /);
    const gone = await baton(['send', 'session:nobody', '1'], env);
    expect(gone).toMatchObject({ code: 1, err: expect.stringContaining('not-found') });
    const nobody = await baton(['send', 'tenant', '1'], { ...env, BATON_URL: 'http://127.0.0.1:1' });
    expect(nobody).toMatchObject({ code: 3, err: expect.stringContaining('http://127.0.0.1:1 cannot be reached') });
    const missing = await baton(['send', 'tenant', '1', '--api-key-file', '/nowhere/key'], env);
    expect(missing).toMatchObject({ code: 1, err: 'baton send: API key in /nowhere/key: cannot be read (ENOENT)' });
  });
});

describe('baton tail', () => {
  it('prints what comes until it is interrupted, and then ends with 0', async () => {
    const tail = startBaton(['tail', 'user:ada', '--json'], { env });
    let sent = 0;
    const send = () => baton(['send', 'user:ada', `{"n": ${(sent += 1)}}`], env);
    await eventually('a message', async () => {
      await send();
      return tail.out.length > 0;
    });
    await send();
    // The only one who sends to it: its nth message says n.
    const first = JSON.parse(tail.out[0] ?? '') as { readonly offset: number; readonly id: string };
    expect(first).toMatchObject({ stream: 'user:ada', data: { n: first.offset } });
    expect(await tail.interrupt()).toMatchObject({ code: 0, err: '' });
    const from = `${first.offset}:${first.id}`;
    const { code, out } = await baton(['tail', 'user:ada', '--from', from, '--count', '1'], env);
    expect({ code, out }).toEqual({ code: 0, out: [`${first.offset + 1}  {"n":${first.offset + 1}}`] });
  });

  it('ends with what the service says when it may not listen', async () => {
    const refused = await baton(['tail', 'channel:x'], { ...env, BATON_API_KEY: 'development.wrong' });
    expect(refused).toMatchObject({ code: 1, out: [], err: expect.stringContaining('baton tail: ') });
  });
});

describe('baton sessions', () => {
  it('lists, looks up and ends', async () => {
    const { client, session } = await joinAs(port(), await dev.token('zoe'));
    const other = await joinAs(port(), await dev.token('zoe'));
    const list = await baton(['sessions', 'list', '--user', 'zoe', '--json'], env);
    const found = list.out.map((line) => JSON.parse(line) as { readonly session: string; readonly connected: boolean });
    expect(found.map((each) => each.session).sort()).toEqual([session, other.session].sort());
    expect(found.every(({ connected }) => connected)).toBe(true);
    const table = await baton(['sessions', 'list', '--user', 'zoe', '--limit', '1'], env);
    expect(table.out).toHaveLength(2);
    expect(table.out[0]).toMatch(/^SESSION +USER +POD /);
    const looked = await baton(['sessions', 'get', session], env);
    expect(JSON.parse(looked.out.join(''))).toMatchObject({ session, user: 'zoe', connected: true });
    expect(await baton(['sessions', 'end', session], env)).toMatchObject({ code: 0, out: [`${session} ended`] });
    expect((await client.close()).code).toBe(4010);
    expect(await baton(['sessions', 'get', session], env)).toMatchObject({ code: 1, out: [] });
    expect(await baton(['sessions', 'end', '--user', 'zoe'], env)).toMatchObject({ code: 0, out: ['1 ended'] });
    expect((await other.client.close()).code).toBe(4010);
  });
});
