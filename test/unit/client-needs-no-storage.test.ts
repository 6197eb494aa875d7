import { describe, expect, it } from '@jest/globals';

import { eventually } from '../support/eventually.js';
import { settle } from '../support/manual-clock.js';
import { ModelStorage } from '../support/model-page.js';
import { position, ScriptedPages, stream, subscribed } from '../support/scripted-pages.js';

const pages = ScriptedPages.each();

describe('without Web Locks', () => {
  it("only an application's own storage gives its session back", async () => {
    const { page } = await pages.opened(1, { locks: null });
    page.hide();
    pages.open({ locks: null });
    expect((await pages.connection(2)).hello).toMatchObject({ session: 'S1', attempt: 2 });
  });

  it.each([
    [
      'throw',
      () => {
        throw new Error('SecurityError');
      },
    ],
    ['are refused', () => Promise.reject(new Error('SecurityError'))],
  ])('a page whose locks %s begins a session of its own', async (_how, request) => {
    const { page } = await pages.opened(1);
    page.hide();
    pages.open({ locks: { request } });
    expect((await pages.connection(2)).hello).toMatchObject({ attempt: 1, token: 'token' });
  });

  it("the tab's gives back where each stream was", async () => {
    const tab = { document: {}, sessionStorage: pages.storage };
    Object.assign(globalThis, tab);
    try {
      const { page, client, pod } = await pages.opened(1, { locks: null, storage: 'session' });
      client.subscribe(stream, () => undefined);
      await pod.next('subscribe');
      pod.send(subscribed(4));
      await settle();
      await eventually('the position', () => client.state.kind === 'connected' && pod.frames.length > 1);
      page.hide();
      Object.assign(globalThis, { sessionStorage: new ModelStorage(pages.storage) });
      pages.open({ locks: null, storage: 'session' }).client.subscribe(stream, null, { from: 'last' });
      const { hello } = await pages.connection(2);
      expect(hello.session).toBeUndefined();
      expect(hello.streams).toEqual({ [stream]: position(4) });
    } finally {
      for (const name of Object.keys(tab)) Reflect.deleteProperty(globalThis, name);
    }
  });
});

describe('a storage', () => {
  const good = {
    v: 1,
    owner: 'o',
    session: { id: 'S', resume: 'r' },
    attempt: 3,
    publishes: {
      publisher: 'p',
      queues: [{ stream, lastSeq: 2, acknowledged: true, noMessage: [[1, 1]], unsettled: [[2, '"x"']] }],
    },
    unsettled: 1,
    positions: [[stream, position(1)]],
  };
  const queue = (change: object) => ({
    publishes: { publisher: 'p', queues: [{ ...good.publishes.queues[0], ...change }] },
  });
  const kept = (text: string) => {
    pages.storage.items.set(`baton ${pages.service.url}/v1/connect`, text);
  };

  it('with a record of this version is believed', async () => {
    kept(JSON.stringify(good));
    pages.open();
    expect((await pages.connection(1)).hello).toMatchObject({ session: 'S', attempt: 4, publisher: 'p' });
  });

  it.each([
    ['nothing', ''],
    ['no JSON', '{"v":1,'],
    ['null', 'null'],
    ['a number', '7'],
    ['an array', '[]'],
    ['another version', { v: 2 }],
    ['no owner', { owner: undefined }],
    ['an owner that is no id', { owner: 'a b' }],
    ['no session', { session: undefined }],
    ['a session without a token', { session: { id: 'S' } }],
    ['a session whose id is none', { session: { id: '../x', resume: 'r' } }],
    ['an attempt that is no number', { attempt: '3' }],
    ['an attempt below 0', { attempt: -1 }],
    ['an attempt that is no whole number', { attempt: 1.5 }],
    ['an attempt beyond 2^53', { attempt: 2 ** 53 }],
    ['no count of publishes', { unsettled: undefined }],
    ['no publisher', { publishes: { queues: [] } }],
    ['no queues', { publishes: { publisher: 'p' } }],
    ['a queue of no stream', queue({ stream: 'nowhere' })],
    ['a queue without a last sequence', queue({ lastSeq: null })],
    ['a sequence beyond the last', queue({ unsettled: [[3, '1']] })],
    ['a sequence of 0', queue({ unsettled: [[0, '1']] })],
    [
      'sequences out of order',
      queue({
        unsettled: [
          [2, '1'],
          [1, '1'],
        ],
      }),
    ],
    [
      'the same sequence twice',
      queue({
        unsettled: [
          [2, '1'],
          [2, '1'],
        ],
      }),
    ],
    ['data that is no JSON', queue({ unsettled: [[2, '"x"},{']] })],
    ['data that is no text', queue({ unsettled: [[2, { x: 1 }]] })],
    ['ranges that are none', queue({ noMessage: [1] })],
    ['positions that are none', { positions: [[stream, { offset: 1 }]] }],
    ['a position of no stream', { positions: [['nowhere', position(1)]] }],
    ['positions that are no list', { positions: {} }],
  ])('with a record that has %s is as good as empty', async (_what, change) => {
    kept(typeof change === 'string' ? change : JSON.stringify({ ...good, ...change }));
    const { client, pod } = await pages.opened(1);
    expect(pod.hello).toMatchObject({ attempt: 1, streams: {} });
    expect(pod.hello.session).toBeUndefined();
    expect(client.state.kind).toBe('connected');
    expect(pages.storage.record).toMatchObject({ v: 1, session: { id: 'S1' } });
  });

  it.each([
    ['reading', ['getItem']],
    ['writing', ['setItem']],
    ['anything', ['getItem', 'setItem', 'removeItem']],
  ] as const)('that forbids %s breaks nothing', async (_what, methods) => {
    for (const method of methods) pages.storage.forbidden.add(method);
    const { client, pod } = await pages.opened(1);
    const published = client.publish(stream, 'x');
    expect(await pod.next('publish')).toMatchObject({ seq: 1, data: 'x' });
    pod.send({ type: 'ack', stream, seq: 1 });
    await expect(published).resolves.toEqual({ seq: 1 });
    expect(pages.errors).toEqual([]);
  });

  it('that is full of publishes still has the session', async () => {
    const { page, client, pod } = await pages.opened(1);
    pages.storage.mostCharacters = 1_000;
    void client.publish(stream, 'x'.repeat(2_000));
    await pod.next('publish');
    page.hide();
    pages.open();
    const { hello } = await pages.connection(2);
    expect(hello).toMatchObject({ session: 'S1', attempt: 2 });
    expect(hello.publisher).not.toBe(pod.hello.publisher);
    expect(pages.errors).toEqual(['outcome-unknown']);
  });

  it('that is full altogether has no old record, whose sequences were used since', async () => {
    const { client, pod } = await pages.opened(1);
    pages.storage.mostCharacters = 10;
    void client.publish(stream, 'x');
    await pod.next('publish');
    expect(pages.storage.items.size).toBe(0);
  });

  it('gets no more than a bound, however much waits; what is past it is told, not sent again, nor said to be lost', async () => {
    const { page, client, pod } = await pages.opened(1);
    const lost: unknown[] = [];
    for (let n = 1; n <= 10; n += 1) void client.publish(stream, 'x'.repeat(50_000));
    for (let n = 1; n <= 10; n += 1) await pod.next('publish');
    page.hide();
    const [record = ''] = pages.storage.items.values();
    expect(record.length).toBeLessThan(300_000);
    const { client: next } = pages.open();
    next.on('lost', (event) => lost.push(event));
    void next.publish(stream, 'new');
    const other = await pages.connection(2);
    other.welcome('S1');
    for (const seq of [1, 2, 3, 4, 5]) expect(await other.next('publish')).toMatchObject({ seq });
    const { seq, ...others } = await other.next('publish');
    expect(others).toMatchObject({ after: 10, data: 'new' });
    other.send({ type: 'ack', stream, seq: 5, from: 1 }, { type: 'gap', stream, seq, last: 5 });
    expect(await other.next('publish')).toMatchObject({ seq, after: 5 });
    other.send({ type: 'ack', stream, seq, jumps: [[5, seq]] });
    // Nothing is left unsettled: the mark follows.
    expect((await other.next('publish')).data).toBeUndefined();
    expect(lost).toEqual([]);
    expect(pages.errors).toEqual(['outcome-unknown']);
  });
});
