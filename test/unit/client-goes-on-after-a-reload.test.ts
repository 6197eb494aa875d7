import { describe, expect, it } from '@jest/globals';
import { connect, type ClientError, type Message } from '../../src/client/index.js';
import { eventually } from '../support/eventually.js';
import { ManualClock, settle } from '../support/manual-clock.js';
import { ModelStorage } from '../support/model-page.js';
import { message, position, ScriptedPages, stream, subscribed } from '../support/scripted-pages.js';

const pages = ScriptedPages.each();

describe('after a reload, a client', () => {
  it('resumes its session with the next attempt, and a token, so that nobody else gets it', async () => {
    const { page } = await pages.opened(1);
    page.hide();
    const { client } = pages.open();
    const { hello } = await pages.connection(2);
    expect(hello).toMatchObject({ session: 'S1', resume: 'resume-S1', attempt: 2, token: 'token' });
    (await pages.connection(2)).welcome('S1');
    await client.ready;
    expect(client.session).toEqual({ id: 'S1' });
  });

  it('uses an attempt once, also if the page ends before anything comes of it', async () => {
    const { page } = await pages.opened(1);
    page.hide();
    const second = pages.open();
    expect((await pages.connection(2)).hello.attempt).toBe(2);
    second.page.crash();
    pages.open();
    expect((await pages.connection(3)).hello.attempt).toBe(3);
  });

  it('goes on after the last message that the application was given, if it asks for that', async () => {
    const { page, client, pod } = await pages.opened(1);
    const seen: number[] = [];
    client.subscribe(stream, ({ offset }) => seen.push(offset));
    await pod.next('subscribe');
    pod.send(subscribed(0), message(1), message(2));
    await eventually('both messages', () => seen.length === 2);
    page.hide();
    const next = pages.open().client;
    const subscription = next.subscribe(stream, () => undefined, { from: 'last' });
    next.subscribe('tenant', null, { from: 'last' });
    expect((await pages.connection(2)).hello.streams).toEqual({ [stream]: position(2), tenant: null });
    expect(subscription.position).toBeNull();
  });

  it('counts as given what a loop has taken, not what waits for it', async () => {
    const { page, client, pod } = await pages.opened(1);
    const loop = client.subscribe(stream)[Symbol.asyncIterator]();
    await pod.next('subscribe');
    pod.send(subscribed(0), message(1), message(2), message(3));
    await expect(loop.next()).resolves.toMatchObject({ value: { offset: 1 } });
    await eventually('the others', () => pod.frames.length > 1);
    page.hide();
    pages.open().client.subscribe(stream, null, { from: 'last' });
    expect((await pages.connection(2)).hello.streams).toEqual({ [stream]: position(1) });
  });

  it('sends what was unsettled again, with its sequence, and what is new after it, behind a hole', async () => {
    const { page, client, pod } = await pages.opened(1);
    void client.publish(stream, 'one');
    void client.publish(stream, 'two');
    await pod.next('publish');
    pod.send({ type: 'ack', stream, seq: 1 });
    await pod.next('publish');
    void client.publish('tenant', 'three');
    await pod.next('publish');
    page.hide();
    const { client: next } = pages.open();
    const published = next.publish(stream, 'four');
    const other = await pages.connection(2);
    expect(other.hello.publisher).toBe(pod.hello.publisher);
    other.welcome('S1');
    const frames = [await other.next('publish'), await other.next('publish'), await other.next('publish')];
    const sent = frames.map(({ stream: of, seq, after, data }) => [of, seq, after, data]);
    const seq = pages.clock.now() * 1_024 + 1;
    expect(sent).toContainEqual(['tenant', 1, 0, 'three']);
    expect(sent.filter(([of]) => of === stream)).toEqual([
      [stream, 2, 1, 'two'],
      [stream, seq, 2, 'four'],
    ]);
    other.send({ type: 'ack', stream, seq: 2 }, { type: 'ack', stream, seq, jumps: [[2, seq]] });
    await expect(published).resolves.toEqual({ seq });
  });

  it.each([
    ['has the stream', true],
    ['does not name the stream yet', false],
  ])('takes no sequence that was used since its record, which %s', async (_what, named) => {
    const { client, page, pod } = await pages.opened(1);
    const publish = async (seq: number) => {
      const published = client.publish(stream, seq);
      expect(await pod.next('publish')).toMatchObject({ seq });
      pod.send({ type: 'ack', stream, seq });
      await published;
    };
    if (named) await publish(1);
    const old = new ModelStorage(pages.storage);
    await publish(named ? 2 : 1);
    page.crash();
    const { client: next } = pages.open({}, old);
    const lost: unknown[] = [];
    next.on('lost', (event) => lost.push(event));
    const published = next.publish(stream, 'new');
    const other = await pages.connection(2);
    other.welcome('S1');
    // Its answer came after the record.
    if (named) expect(await other.next('publish')).toMatchObject({ seq: 1, data: 1 });
    if (named) other.send({ type: 'ack', stream, seq: 1 });
    const { seq, after } = await other.next('publish');
    const last = named ? 2 : 1;
    expect({ after, isBehind: seq > 1_000_000 }).toEqual({ after: last - 1, isBehind: true });
    other.send({ type: 'gap', stream, seq, last });
    expect(await other.next('publish')).toMatchObject({ seq, after: last, data: 'new' });
    other.send({ type: 'ack', stream, seq, jumps: [[last, seq]] });
    await expect(published).resolves.toEqual({ seq });
    expect(lost).toEqual([]);
  });

  it('believes a gap that overtakes the answers to what was sent before it', async () => {
    const { client, page, pod } = await pages.opened(1);
    void client.publish(stream, 'one');
    await pod.next('publish');
    page.crash();
    const published = pages.open().client.publish(stream, 'new');
    const other = await pages.connection(2);
    other.welcome('S1');
    expect(await other.next('publish')).toMatchObject({ seq: 1, data: 'one' });
    const { seq } = await other.next('publish');
    other.send({ type: 'gap', stream, seq, last: 3 }, { type: 'ack', stream, seq: 1 });
    expect(await other.next('publish')).toMatchObject({ seq, after: 3, data: 'new' });
    other.send({ type: 'ack', stream, seq, jumps: [[3, seq]] });
    await expect(published).resolves.toEqual({ seq });
  });

  it('takes no sequence of the page before where the clock was set back', async () => {
    const { page } = await pages.opened(1);
    page.hide();
    const second = pages.open();
    void second.client.publish(stream, 'one');
    const pod = await pages.connection(2);
    pod.welcome('S1');
    const { seq } = await pod.next('publish');
    page.hide();
    second.page.hide();
    pages.clock = new ManualClock(1_000);
    void pages.open().client.publish(stream, 'two');
    const other = await pages.connection(3);
    other.welcome('S1');
    expect(await other.next('publish')).toMatchObject({ seq, data: 'one' });
    expect((await other.next('publish')).seq).toBeGreaterThan(seq + 1_000_000);
  });

  it('has also written what it can not send yet', async () => {
    const { page, client, pod } = await pages.opened(1);
    pod.close(1001);
    await eventually('the close', () => client.state.kind === 'waiting');
    void client.publish(stream, 'one');
    await settle();
    page.crash();
    pages.open();
    const other = await pages.connection(2);
    other.welcome('S1');
    expect(await other.next('publish')).toMatchObject({ seq: 1, data: 'one' });
  });

  it('is told of publishes of the page before that the service refuses', async () => {
    const { page, client, pod } = await pages.opened(1);
    void client.publish(stream, 'one');
    await pod.next('publish');
    page.hide();
    await pages.opened(2);
    (await pages.connection(2)).send({ type: 'refused', stream, seq: 1, code: 'forbidden' });
    await eventually('the error', () => pages.errors.length > 0);
    expect(pages.errors).toEqual(['forbidden']);
  });

  it('has written each sequence before it is sent', async () => {
    const { page, client, pod } = await pages.opened(1);
    void client.publish(stream, 'one');
    await pod.next('publish');
    page.crash();
    void pages.open().client.publish(stream, 'two');
    const other = await pages.connection(2);
    other.welcome('S1');
    expect(await other.next('publish')).toMatchObject({ seq: 1, data: 'one' });
    expect(await other.next('publish')).toMatchObject({ after: 1, data: 'two' });
  });

  it.each([
    ['its user is another one now', 4501, 'the token is of another tenant or user'],
    ['somebody else holds it', 4500, '7'],
    ['the service makes nothing of it', 1002, ''],
    ['it is gone', 4010, ''],
  ])('begins a new session if %s', async (_why, code, reason) => {
    const { page } = await pages.opened(1);
    page.hide();
    const { client } = pages.open();
    const restarted: unknown[] = [];
    client.on('restarted', (event) => restarted.push(event));
    (await pages.connection(2)).close(code, reason);
    await eventually('the end of the session', () => restarted.length > 0);
    pages.clock.advance(1_000);
    const { hello } = await pages.connection(3);
    expect(hello).toMatchObject({ attempt: 1, token: 'token' });
    expect(hello.session).toBeUndefined();
    expect(restarted).toEqual([{ goneSession: 'S1' }]);
  });

  it('has nothing of a session that the application ended', async () => {
    const { client, pod } = await pages.opened(1);
    client.subscribe(stream, () => undefined);
    const closed = client.close();
    await pod.next('bye');
    pod.close(1000);
    await closed;
    expect(pages.storage.items.size).toBe(0);
  });

  it('knows where it was in each stream when the client had to stop, and nothing else', async () => {
    const { page, client, pod } = await pages.opened(1);
    client.subscribe(stream, () => undefined);
    await pod.next('subscribe');
    pod.send(subscribed(4));
    const stopped = new Promise((resolve) => client.on('stopped', resolve));
    pod.close(4503);
    await stopped;
    page.hide();
    pages.open().client.subscribe(stream, null, { from: 'last' });
    expect((await pages.connection(2)).hello).toMatchObject({ attempt: 1, streams: { [stream]: position(4) } });
  });
});

describe('a copied tab', () => {
  it('begins a session of its own, disturbs nobody, and resumes its own after a reload', async () => {
    const first = await pages.opened(1);
    void first.client.publish(stream, 'unsettled');
    await first.pod.next('publish');
    const copy = new ModelStorage(pages.storage);
    const second = pages.open({}, copy);
    void second.client.publish(stream, 'own');
    await settle();
    pages.clock.advance(500);
    const pod = await pages.connection(2);
    expect(pod.hello.session).toBeUndefined();
    expect(pod.hello.publisher).not.toBe(first.pod.hello.publisher);
    pod.welcome('S2');
    expect(await pod.next('publish')).toMatchObject({ seq: 1, data: 'own' });
    expect(first.client.state.kind).toBe('connected');
    second.page.hide();
    pages.open({}, copy);
    expect((await pages.connection(3)).hello).toMatchObject({ session: 'S2', attempt: 2 });
  });

  it("knows where its original was in each stream but its session's", async () => {
    const { client, pod } = await pages.opened(1);
    for (const name of [stream, 'session'] as const) {
      client.subscribe(name, () => undefined);
      await pod.next('subscribe');
      pod.send({ ...subscribed(4), stream: name });
    }
    await eventually('the positions to be kept', () => {
      pages.clock.advance(100);
      return JSON.stringify(pages.storage.record).split('e4').length === 3;
    });
    const copy = pages.open({}, new ModelStorage(pages.storage)).client;
    for (const name of [stream, 'session'] as const) copy.subscribe(name, null, { from: 'last' });
    await settle();
    pages.clock.advance(500);
    expect((await pages.connection(2)).hello.streams).toEqual({ [stream]: position(4), session: null });
  });
});

describe('two clients of one page', () => {
  it('share no record: the second has none, unless its key is its own', async () => {
    const first = await pages.opened(1);
    const other = first.page.load((parts) => connect({ url: pages.service.url, token: 'token', ...parts }));
    (await pages.connection(2)).welcome('S2');
    await other.ready;
    const named = first.page.load((parts) =>
      connect({ url: pages.service.url, token: 't', ...parts, storageKey: 'b' }),
    );
    (await pages.connection(3)).welcome('S3');
    await named.ready;
    first.page.hide();
    expect([...pages.storage.items].map(([key, text]) => [key, text.includes('S2')])).toEqual([
      [expect.stringMatching(/^baton ws:/), false],
      ['b', false],
    ]);
    expect(pages.storage.items.get('b')).toContain('S3');
  });
});

it('unsettled publishes of a session that is gone have an unknown outcome, which is told', async () => {
  const { page, client, pod } = await pages.opened(1);
  const seen: (Message | ClientError)[] = [];
  void client.publish(stream, 'one').catch((error: unknown) => seen.push(error as ClientError));
  await pod.next('publish');
  page.hide();
  pages.open();
  (await pages.connection(2)).close(4010);
  await eventually('the error', () => pages.errors.length > 0);
  expect(pages.errors).toEqual(['outcome-unknown']);
  expect(seen).toEqual([]);
});

describe('the next user of a tab does not publish', () => {
  const welcomedOn = async (n: number, session: string) => {
    const other = await pages.connection(n);
    other.welcome(session);
    await settle();
    return other;
  };

  it('what a page without a session was to publish: it has an unknown outcome, which is told', async () => {
    const { page, client } = pages.open();
    await pages.connection(1);
    void client.publish(stream, 'my secret');
    void client.publish(stream, 'another');
    await settle();
    page.hide();
    expect(JSON.stringify(pages.storage.record)).not.toContain('my secret');
    const next = pages.open().client;
    void next.publish(stream, 'own');
    const other = await welcomedOn(2, 'S2');
    expect(await other.next('publish')).toMatchObject({ seq: 1, data: 'own' });
    expect(pages.errors).toEqual(['outcome-unknown']);
  });

  it('what a record without a session has', async () => {
    const { page, client, pod } = await pages.opened(1);
    void client.publish(stream, 'my secret');
    await pod.next('publish');
    page.crash();
    const [[key = '', text = ''] = []] = pages.storage.items;
    pages.storage.items.set(key, JSON.stringify({ ...(JSON.parse(text) as object), session: null }));
    void pages.open().client.publish(stream, 'own');
    const other = await welcomedOn(2, 'S2');
    expect(other.hello.publisher).not.toBe(pod.hello.publisher);
    expect(await other.next('publish')).toMatchObject({ seq: 1, data: 'own' });
    expect(pages.errors).toEqual(['outcome-unknown']);
  });

  it('what a page was to publish whose kept session had not taken it yet', async () => {
    const { page } = await pages.opened(1);
    page.hide();
    const second = pages.open();
    await pages.connection(2);
    void second.client.publish(stream, 'my secret');
    await settle();
    second.page.hide();
    void pages.open().client.publish(stream, 'own');
    const other = await welcomedOn(3, 'S1');
    expect(await other.next('publish')).toMatchObject({ after: 0, data: 'own' });
    expect(pages.errors).toEqual(['outcome-unknown']);
  });
});
