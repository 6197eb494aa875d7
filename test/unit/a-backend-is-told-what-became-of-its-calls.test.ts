import { describe, expect, it } from '@jest/globals';
import { Backend, BackendError, type BackendOptions } from '../../src/client/backend/index.js';
import { ManualClock, settle } from '../support/manual-clock.js';

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: Headers;
  readonly body: unknown;
}

const json = (status: number, body: unknown): Response => new Response(JSON.stringify(body), { status });
const error = (status: number, code: string, retryAfterMs?: number): Response =>
  json(status, { error: { code, message: `it is ${code}`, ...(retryAfterMs !== undefined && { retryAfterMs }) } });
const refused = (): never => {
  throw new TypeError('fetch failed');
};

/** A backend of a service that gives these answers, in turn. */
function scripted(answers: readonly (() => Response)[], options: Partial<BackendOptions> = {}) {
  const asked: Asked[] = [];
  const clock = new ManualClock();
  const fetchNext: typeof fetch = async (input, init = {}) => {
    const { pathname, search } = new URL(input instanceof Request ? input.url : input);
    const body: unknown = typeof init.body === 'string' ? JSON.parse(init.body) : null;
    asked.push({ method: init.method ?? '', path: pathname + search, headers: new Headers(init.headers), body });
    const answer = answers[asked.length - 1];
    if (answer) return answer();
    return new Promise((_resolve, reject) => {
      init.signal?.addEventListener('abort', () => reject(new Error('aborted')));
    });
  };
  const url = 'ws://baton.example/v1/connect';
  const backend = new Backend({ url, apiKey: 'id.secret', fetch: fetchNext, clock, random: () => 0.5, ...options });
  return { backend, asked, clock };
}

/** Time passes until the promise is settled. */
async function inTime<Value>(clock: ManualClock, promise: Promise<Value>): Promise<Value> {
  const seen = { settled: false };
  const settled = promise.finally(() => (seen.settled = true));
  settled.catch(() => undefined);
  for (let step = 0; !seen.settled && step < 1_000; step += 1) {
    await settle();
    clock.advance(50);
  }
  return settled;
}

const message = { to: { user: 'ada' }, data: 1 };

describe('a send', () => {
  it('carries the API key, and one idempotency key through all its repeats', async () => {
    const { backend, asked, clock } = scripted([
      refused,
      () => error(503, 'unavailable', 500),
      () => new Response('<html>', { status: 502 }),
      () => json(201, { offset: 12, repeated: false }),
    ]);
    await expect(inTime(clock, backend.send(message))).resolves.toEqual({ offset: 12, repeated: false });
    expect(asked.map(({ method, path }) => `${method} ${path}`)).toEqual(Array(4).fill('POST /v1/messages'));
    expect(new Set(asked.map(({ headers }) => headers.get('idempotency-key'))).size).toBe(1);
    expect(asked[0]?.headers.get('authorization')).toBe('Bearer id.secret');
    expect(asked[0]?.body).toEqual(message);
  });

  it("has the application's idempotency key, if there is one", async () => {
    const { backend, asked } = scripted([() => json(200, { offset: 1, repeated: true })]);
    await backend.send({ ...message, idempotencyKey: 'order-7' });
    expect(asked[0]?.headers.get('idempotency-key')).toBe('order-7');
    expect(asked[0]?.body).toEqual(message);
  });

  it('is not repeated after an error that is final', async () => {
    const { backend, asked } = scripted([() => error(403, 'forbidden')]);
    await expect(backend.send(message)).rejects.toMatchObject({
      code: 'forbidden',
      status: 403,
      message: 'it is forbidden',
    });
    expect(asked).toHaveLength(1);
  });

  it('gives up when its time is over, with the last error', async () => {
    const answers = Array(1_000).fill(() => error(503, 'busy', 1_000)) as (() => Response)[];
    const { backend, asked, clock } = scripted(answers, { retryForMs: 5_000 });
    await expect(inTime(clock, backend.send(message))).rejects.toMatchObject({ code: 'busy', retryAfterMs: 1_000 });
    expect(asked.length).toBeGreaterThan(2);
    expect(asked.length).toBeLessThan(7);
  });

  it('takes no answer for none', async () => {
    const { backend, clock } = scripted([], { timeoutMs: 300, retryForMs: 0 });
    await expect(inTime(clock, backend.send(message))).rejects.toMatchObject({ code: 'unreachable', status: 0 });
  });

  it('takes an answer that is not of the service for none', async () => {
    const { backend, clock } = scripted([() => new Response('<html>', { status: 200 })], { retryForMs: 0 });
    await expect(inTime(clock, backend.send(message))).rejects.toMatchObject({ code: 'unreachable' });
  });

  it.each([
    ['an en dash', 'Bestellung–7'],
    ['a letter of Latin-1', 'ü'],
    ['a space', 'a b'],
    ['nothing', ''],
    ['129 characters', 'x'.repeat(129)],
  ])('with an idempotency key of %s is refused at once', async (_what, idempotencyKey) => {
    const { backend, asked } = scripted([]);
    await expect(backend.send({ ...message, idempotencyKey })).rejects.toBeInstanceOf(TypeError);
    expect(asked).toEqual([]);
  });

  it.each([
    ['how long', { 'retry-after': '3' }, 3_000],
    ['a date', { 'retry-after': 'Wed, 21 Oct 2026 07:28:00 GMT' }, 0],
    ['nothing more', {}, 0],
  ])('waits as a proxy says that answers 429 and %s', async (_what, headers, atLeastMs) => {
    const { backend, asked, clock } = scripted([
      () => new Response('slow down', { status: 429, headers }),
      () => json(201, { offset: 12, repeated: false }),
    ]);
    await expect(inTime(clock, backend.send(message))).resolves.toMatchObject({ offset: 12 });
    expect(asked).toHaveLength(2);
    expect(clock.monotonic()).toBeGreaterThanOrEqual(atLeastMs);
    expect(clock.monotonic()).toBeLessThan(atLeastMs + 1_000);
  });
});

describe('a reader', () => {
  const page = (after: string, offsets: readonly number[] = [], reset?: string): Response =>
    json(200, {
      messages: offsets.map((offset) => ({ offset, id: `e${offset}`, data: { n: offset } })),
      after,
      ...(reset !== undefined && { reset: { reason: reset } }),
    });

  it('begins at the present end, goes on after what it has, and outlasts what is temporary', async () => {
    const { backend, asked, clock } = scripted([
      () => page('4:e4'),
      () => page('6:e6', [5, 6]),
      refused,
      () => error(503, 'unavailable', 20_000),
      () => page('7:e7', [7]),
    ]);
    const loop = backend.read('channel:a/b');
    const next = async () => (await inTime(clock, loop.next())).value;
    expect(await next()).toEqual({ offset: 5, id: 'e5', data: { n: 5 }, after: '5:e5' });
    expect(await next()).toMatchObject({ offset: 6 });
    expect(await next()).toMatchObject({ offset: 7 });
    const base = '/v1/streams/channel%3Aa%2Fb/messages';
    expect(asked.map(({ path }) => path)).toEqual([
      base,
      `${base}?after=4%3Ae4&waitSeconds=25`,
      ...Array<string>(3).fill(`${base}?after=6%3Ae6&waitSeconds=25`),
    ]);
  });

  it('goes on after a position that was kept', async () => {
    const { backend, asked } = scripted([() => page('6:e6', [6])]);
    const loop = backend.read('tenant', { after: '5:e5' });
    await loop.next();
    expect(asked[0]?.path).toBe('/v1/streams/tenant/messages?after=5%3Ae5&waitSeconds=25');
  });

  it('ends at a gap, unless it says what is to be done then', async () => {
    const trimmed = () => page('9:e9', [], 'trimmed');
    const first = scripted([trimmed]).backend.read('tenant', { after: '1:e1' });
    await expect(first.next()).rejects.toMatchObject({ code: 'reset', after: '9:e9' });
    const told: unknown[] = [];
    const { backend } = scripted([trimmed, () => page('10:e10', [10])]);
    const second = backend.read('tenant', { after: '1:e1', onReset: (reset) => told.push(reset) });
    expect((await second.next()).value).toMatchObject({ offset: 10 });
    expect(told).toEqual([{ reason: 'trimmed', after: '9:e9' }]);
  });

  it('ends after ten answers in a row that are not of the service', async () => {
    const login = () => new Response('<html>', { status: 200 });
    const nine = Array<() => Response>(9).fill(login);
    const { backend, asked, clock } = scripted([...nine, () => page('4:e4', [4]), ...nine, login]);
    const loop = backend.read('tenant', { after: '3:e3' });
    expect((await inTime(clock, loop.next())).value).toMatchObject({ offset: 4 });
    await expect(inTime(clock, loop.next())).rejects.toMatchObject({ code: 'unreachable', status: 200 });
    expect(asked).toHaveLength(20);
  });

  it('ends at what is final', async () => {
    const { backend } = scripted([() => error(403, 'forbidden')]);
    await expect(backend.read('tenant').next()).rejects.toBeInstanceOf(BackendError);
  });

  it.each([
    ['while it waits for messages', []],
    ['while it waits to try again', [refused]],
  ])('ends with the reason of its signal, %s', async (_when, answers) => {
    const { backend } = scripted(answers);
    const stop = new AbortController();
    const next = backend.read('tenant', { signal: stop.signal }).next();
    await settle();
    stop.abort(new Error('enough'));
    await expect(next).rejects.toThrow('enough');
  });
});

describe('sessions', () => {
  it('are listed page by page', async () => {
    const { backend, asked } = scripted([
      () => json(200, { sessions: [{ session: 'a' }], next: 'n/1' }),
      () => json(200, { sessions: [{ session: 'b' }], next: null }),
    ]);
    const found: string[] = [];
    for await (const { session } of backend.sessions.list({ user: 'org/ada' })) found.push(session);
    expect(found).toEqual(['a', 'b']);
    expect(asked.map(({ path }) => path)).toEqual([
      '/v1/users/org%2Fada/sessions?limit=200',
      '/v1/users/org%2Fada/sessions?limit=200&after=n%2F1',
    ]);
  });

  it('that are missing are null, or false', async () => {
    const missing = () => error(404, 'not-found');
    const { backend } = scripted([missing, missing, missing]);
    expect(await backend.sessions.get('s')).toBeNull();
    expect(await backend.sessions.end('s')).toBe(false);
    expect(await backend.sessions.data('s').get('f')).toBeNull();
  });

  it('have data whose write by version is never repeated', async () => {
    const { backend, asked } = scripted([refused, () => json(200, { version: 4 }), refused]);
    const data = backend.sessions.data('s');
    await expect(data.put('cart', 1, { version: 3 })).rejects.toMatchObject({ code: 'unreachable' });
    await expect(data.put('cart', 1)).resolves.toBe(4);
    await expect(data.delete('cart', { version: 4 })).rejects.toMatchObject({ code: 'unreachable' });
    expect(asked[0]?.body).toEqual({ value: 1, version: 3 });
    expect(asked[2]?.headers.get('if-match')).toBe('"4"');
  });

  it('are not ended again after an answer that was lost', async () => {
    const { backend, asked } = scripted([refused]);
    await expect(backend.sessions.end('s')).rejects.toMatchObject({ code: 'unreachable' });
    expect(asked).toHaveLength(1);
  });
});

it.each([
  ['a URL of another protocol', { url: 'ftp://baton.example' }],
  ['no URL', { url: 'baton.example' }],
  ['a key without a dot', { apiKey: 'secret' }],
  ['a token', { apiKey: 'a.b.c' }],
  ['a key that no header can carry', { apiKey: 'id.schlüssel–7' }],
])('%s is refused at once', (_what, wrong) => {
  expect(() => new Backend({ url: 'https://baton.example', apiKey: 'id.secret', ...wrong })).toThrow(TypeError);
});
