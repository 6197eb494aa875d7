import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { connect, type Client, type Message, type WireEvent } from '../../src/client/index.js';
import { asEntryId } from '../../src/protocol/ids.js';
import { eventually } from '../support/eventually.js';
import { ScriptedService } from '../support/scripted-service.js';

const id = (offset: number) => asEntryId(`e${offset}`);
const position = (offset: number) => ({ offset, id: id(offset) });
const message = (offset: number) =>
  ({ type: 'message', stream: 'session', offset, id: id(offset), prev: id(offset - 1), data: offset }) as const;

describe('a client that is asked to migrate', () => {
  let podA: ScriptedService;
  let podB: ScriptedService;
  let client: Client;
  let events: WireEvent[];
  let messages: Message[];

  beforeEach(async () => {
    podA = await ScriptedService.start();
    podB = await ScriptedService.start();
    events = [];
    messages = [];
    client = connect({
      url: podA.url,
      token: 'token',
      allowedOrigins: 'same-host',
      observer: (event) => events.push(event),
    });
  });
  afterEach(async () => {
    void client.close();
    await Promise.all([podA.stop(), podB.stop()]);
  });

  it('delivers everything once and in order over both connections, and sends its unsettled publishes again', async () => {
    const subscription = client.subscribe('session', (message) => messages.push(message));
    const a = await podA.connection(1);
    expect(a.hello).toMatchObject({
      attempt: 1,
      token: 'token',
      streams: { session: null },
      can: ['overlap'],
      hops: 0,
    });
    a.welcome('S', 'pod-a');
    a.send({ type: 'subscribed', stream: 'session', position: position(0) }, message(1));
    await expect(subscription.ready).resolves.toEqual(position(0));

    const first = client.publish('channel:x', 1);
    a.send({ type: 'ack', stream: 'channel:x', seq: (await a.next('publish')).seq });
    await expect(first).resolves.toEqual({ seq: 1 });
    const second = client.publish('channel:x', 2);
    await a.next('publish');

    a.send({ type: 'migrate', reason: 'drain', withinMs: 1, deadlineMs: 5_000, endpoints: [podB.url] });
    const b = await podB.connection(1);
    expect(b.hello).toMatchObject({ attempt: 2, session: 'S', resume: 'resume-S', streams: { session: position(1) } });
    a.send(message(2));
    b.welcome('S', 'pod-b');
    expect(await b.next('publish')).toEqual({ type: 'publish', stream: 'channel:x', seq: 2, after: 1, data: 2 });
    a.send(message(3));
    await eventually('the old pod to deliver meanwhile', () => messages.length === 3);
    b.send(message(2), message(3), message(4), { type: 'subscribed', stream: 'session', position: position(4) });
    b.send({ type: 'ack', stream: 'channel:x', seq: 2 });
    a.close(4500, '2');
    await expect(second).resolves.toEqual({ seq: 2 });
    await eventually('all four', () => messages.length === 4);
    expect(messages.map(({ offset }) => offset)).toEqual([1, 2, 3, 4]);
    expect(await b.next('publish')).toEqual({ type: 'publish', stream: 'channel:x', seq: 3, after: 2 });
    await eventually('the old connection to close', () =>
      events.some((event) => event.type === 'closed' && !event.wasCurrent),
    );
    expect(client.state).toEqual({ kind: 'connected', pod: 'pod-b', revision: 'r1', attempt: 2 });
  });
});
