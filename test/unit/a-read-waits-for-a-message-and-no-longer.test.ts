import { beforeEach, expect, it } from '@jest/globals';
import type { Backend } from '../../src/auth/principal.js';
import { StreamReader, type ReadRequest, type StreamPage } from '../../src/messaging/stream-reader.js';
import type { SendTarget } from '../../src/messaging/send-target.js';
import { WaitingReads } from '../../src/messaging/waiting-reads.js';
import { asChannelName, asEntryId, asSessionId, asTenantId, asUserId } from '../../src/protocol/ids.js';
import { settle, type ManualClock } from '../support/manual-clock.js';
import { memoryLogTwin, type LogTwin } from '../support/streams/log-twin.js';

const tenant = asTenantId('acme');
const backend: Backend = { tenant, keyId: 'k', grants: [{ stream: '*', can: ['subscribe'] }] };
const channel = asChannelName('a');
const owner = { kind: 'channel', tenant, channel } as const;
const LONG_MS = 25_000;

let twin: LogTwin & { readonly clock: ManualClock };
let reads: number;
let waiting: WaitingReads;
let reader: StreamReader;
let gone: AbortController;

beforeEach(() => {
  twin = memoryLogTwin();
  reads = 0;
  waiting = new WaitingReads();
  gone = new AbortController();
  const { log, live, clock } = twin;
  const counting: typeof log = {
    append: (...args) => log.append(...args),
    touch: (...args) => log.touch(...args),
    read: (...args) => {
      reads += 1;
      return log.read(...args);
    },
  };
  const sessions = { get: () => Promise.resolve(null) };
  reader = new StreamReader({ log: counting, live, sessions, waiting, clock });
});

let sent = 0;
const send = (data: unknown) => {
  sent += 1;
  return twin.log.append(owner, { kind: 'send', idempotency: String(sent), data: JSON.stringify(data) });
};
const read = (request: Partial<ReadRequest> = {}, target: SendTarget = { channel }): Promise<StreamPage> =>
  reader.read(backend, target, { after: null, limit: 100, waitMs: 0, ...request }, gone.signal);

/** A read under way, and what it has come to. */
async function begin(request: Partial<ReadRequest>) {
  const state: { page: StreamPage | null } = { page: null };
  const done = read(request).then((page) => {
    state.page = page;
  });
  await twin.waitFor('it to wait or end', () => waiting.size > 0 || state.page !== null);
  await settle();
  return { state, done };
}
const dataOf = ({ entries }: StreamPage) => entries.map(({ data }) => JSON.parse(data) as unknown);

it('without a position there is nothing but the present end, at once', async () => {
  await send(1);
  const page = await read({ waitMs: LONG_MS });
  expect(page).toMatchObject({ entries: [], reset: null, after: { offset: 1 } });
  await send(2);
  expect(dataOf(await read({ after: page.after }))).toEqual([2]);
});

it('page by page all messages come once, in order', async () => {
  let { after } = await read();
  for (let number = 1; number <= 7; number += 1) await send(number);
  const seen: unknown[] = [];
  for (let pages = 0; pages < 4; pages += 1) {
    const page = await read({ after, limit: 3, waitMs: 0 });
    seen.push(...dataOf(page));
    ({ after } = page);
  }
  expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7]);
});

it('what is there is answered at once, and takes no place', async () => {
  const { after } = await read();
  await send('x');
  const { state } = await begin({ after, waitMs: LONG_MS });
  expect(state.page && dataOf(state.page)).toEqual(['x']);
  expect(waiting.size).toBe(0);
});

it('a message that comes ends the wait', async () => {
  const { after } = await read();
  const { state, done } = await begin({ after, waitMs: LONG_MS });
  await twin.clock.run(5_000);
  expect(state.page).toBeNull();
  await send('news');
  await done;
  expect(state.page && dataOf(state.page)).toEqual(['news']);
  expect([waiting.size, twin.clock.timers]).toEqual([0, 0]);
});

it('a wait asks the log nothing, however long it is', async () => {
  const { after } = await read();
  const { state, done } = await begin({ after, waitMs: LONG_MS });
  await twin.clock.run(1_000);
  const before = reads;
  await twin.clock.run(LONG_MS - 2_000, 100);
  expect([reads, state.page]).toEqual([before, null]);
  await twin.clock.run(1_500);
  await done;
  expect(state.page).toEqual({ entries: [], reset: null, after });
  expect(reads).toBe(before);
});

it('a caller that hangs up, and a drain, end the wait at once', async () => {
  const { after } = await read();
  const first = await begin({ after, waitMs: LONG_MS });
  gone.abort();
  await first.done;
  gone = new AbortController();
  const second = await begin({ after, waitMs: LONG_MS });
  waiting.drain();
  await second.done;
  for (const { state } of [first, second]) expect(state.page).toEqual({ entries: [], reset: null, after });
  expect([waiting.size, twin.clock.timers]).toEqual([0, 0]);
  const third = await begin({ after, waitMs: LONG_MS });
  await twin.clock.run(1_100);
  await third.done;
});

it('a position that leads nowhere is a reset to the present end, which is waited from', async () => {
  await send(1);
  const foreign = { offset: 1, id: asEntryId('another') };
  const page = await read({ after: foreign, waitMs: LONG_MS });
  expect(page).toMatchObject({ entries: [], reset: 'forked', after: { offset: 1 } });
  expect(page.after.id).not.toBe('another');
  const beyond = { offset: 9, id: asEntryId('x') };
  expect(await read({ after: beyond })).toMatchObject({ reset: 'ahead', after: page.after });
});

it('a log that is lost while one waits is a reset', async () => {
  await send(1);
  const { after } = await read();
  const { state, done } = await begin({ after, waitMs: LONG_MS });
  const { log, top } = twin.keys.stream(owner);
  await twin.keyspace.remove(log);
  await twin.keyspace.remove(top);
  await send(2);
  await done;
  expect(state.page).toMatchObject({ entries: [], reset: 'forked' });
});

it('needs a grant for that very stream, also for the tenant’s, and the session to be there', async () => {
  const only = (stream: string): Backend => ({ ...backend, grants: [{ stream, can: ['subscribe'] }] });
  const request = { after: null, limit: 1, waitMs: 0 };
  const codeOf = (from: Backend, target: SendTarget) =>
    reader.read(from, target, request, gone.signal).then(
      () => 'read',
      (error: unknown) => (error as { code: string }).code,
    );
  const user = { user: asUserId('ada') };
  const session = { session: asSessionId('s') };
  expect(await codeOf(only('channel:a'), { channel })).toBe('read');
  expect(await codeOf(only('channel:b'), { channel })).toBe('forbidden');
  expect(await codeOf(only('user:a*'), user)).toBe('read');
  expect(await codeOf(only('user'), user)).toBe('forbidden');
  expect(await codeOf(only('session:s'), session)).toBe('not-found');
  expect(await codeOf(only('session'), session)).toBe('forbidden');
  expect(await codeOf(only('tenant'), { tenant: true })).toBe('read');
  expect(await codeOf(only('channel:*'), { tenant: true })).toBe('forbidden');
  expect(await codeOf({ ...backend, grants: [{ stream: '*', can: ['publish', 'presence'] }] }, user)).toBe('forbidden');
});
