import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RunningPod } from '../../src/start-pod.js';
import { readPage } from '../support/docs/pages.js';
import { tableIn } from '../support/docs/tables.js';
import { eventually } from '../support/eventually.js';
import { call, install, type Installation, joinAs, startPodHere } from '../support/in-process-pod.js';
import { redisAdmin } from '../support/redis-admin.js';
import { withRedis } from '../support/with-redis.js';

const redis = withRedis({ alwaysOwn: true });
const grants = [{ stream: '*', can: ['subscribe', 'publish', 'presence'] }] as const;
let pod: RunningPod;
let installation: Installation;
let admin: ReturnType<typeof redisAdmin>;

beforeAll(async () => {
  installation = await install({ url: redis.url, keyPrefix: 'b:' }, [{ id: 'backend', tenant: 'acme', grants }]);
  pod = await startPodHere(installation.environment, 'measured');
  admin = redisAdmin(redis.url);
});
afterAll(async () => {
  admin.disconnect();
  await pod.close();
  await installation.remove();
});

const documented = new Map(
  tableIn(readPage('docs/redis.md').text, 'How much memory').map(([what = '', bytes = '']) => [
    what,
    Number(bytes.replaceAll(',', '')),
  ]),
);

/** Redis counts its own structures too, which grow in steps: what the page says is right within a quarter. */
function expectDocumented(what: string, measured: number): void {
  const said = documented.get(what) ?? 0;
  if (Math.abs(measured - said) > said / 4) throw new Error(`${what}: the page says ${said}, measured ${measured}`);
}

async function usedBytes(): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(await admin.info('memory'))?.[1]);
}

const send = (to: object, data: unknown) =>
  call(pod.port, 'POST', '/v1/messages', { bearer: installation.bearer('backend'), body: { to, data } });

const keyOf = (pattern: string) => admin.keys(`b:${pattern}`).then(([key = '']) => key);
const sizeOf = (key: string) => admin.memory('USAGE', key, 'SAMPLES', 0).then(Number);

describe('docs/redis.md', () => {
  it('says what a session costs', async () => {
    const sessions = 200;
    const beforeBytes = await usedBytes();
    for (let n = 0; n < sessions; n += 1)
      await joinAs(pod.port, await installation.token('acme', `user-${n}`), ['user', 'session']);
    expectDocumented('a session that follows two streams of its own', ((await usedBytes()) - beforeBytes) / sessions);
  });

  it.each([
    [100, 'a message of 100 bytes in a log'],
    [1_000, 'a message of 1,000 bytes in a log'],
  ])('says what a message of %d bytes costs', async (bytes, what) => {
    for (let n = 0; n < 200; n += 1) await send({ channel: `of-${bytes}` }, 'x'.repeat(bytes - 2));
    expectDocumented(what, (await sizeOf(`b:{acme/c/of-${bytes}}:log`)) / 200);
  });

  it('says what a send over HTTP costs besides', async () => {
    expectDocumented(
      'a send over HTTP, beside its message, for as long as the window',
      await sizeOf(await keyOf('*:idem:*')),
    );
  });

  it('says what presence costs', async () => {
    const { client } = await joinAs(pod.port, await installation.token('acme', 'here'));
    const others = await Promise.all(
      Array.from({ length: 150 }, async (_, n) => joinAs(pod.port, await installation.token('acme', `user-${n}`))),
    );
    for (const each of [{ client }, ...others]) each.client.send({ type: 'presence', channel: 'lobby', on: true });
    const key = 'b:{acme/c/lobby}:here';
    const wanted = others.length + 1;
    await eventually('everybody to be in the channel', async () => (await admin.hlen(key)) > wanted);
    expectDocumented("somebody in a channel's presence", (await sizeOf(key)) / wanted);
  });

  it('has nothing else in its table', () => {
    expect(documented.size).toBe(5);
  });
});
