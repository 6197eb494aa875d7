import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { connect, type Client, type ClientState, type Message } from '../../src/client/index.js';
import { eventually } from '../support/eventually.js';
import { ManualClock, settle } from '../support/manual-clock.js';
import { ScriptedService } from '../support/scripted-service.js';

interface Chat {
  readonly text: string;
}
interface Streams {
  readonly 'channel:chat': Chat;
  readonly [room: `channel:room-${string}`]: number;
}

const stream = 'channel:chat';
const data = { text: 'hello' };
let service: ScriptedService;
let clock: ManualClock;
let client: Client<Streams>;

beforeEach(async () => {
  service = await ScriptedService.start();
  clock = new ManualClock();
  client = connect<Streams>({ url: service.url, token: 'token', clock, random: () => 0, maxUnsettled: 2 });
});
afterEach(async () => {
  const closed = client.close();
  for (const pod of service.connections) pod.terminate();
  await closed;
  await service.stop();
});

describe('status()', () => {
  it('is the present state, then each later one, and ends with the client', async () => {
    const kinds: string[] = [];
    const loop = (async () => {
      for await (const { kind } of client.status()) kinds.push(kind);
    })();
    (await service.connection(1)).welcome();
    await client.ready;
    await settle();
    (await service.connection(1)).terminate();
    await eventually('the loss', () => client.state.kind === 'waiting');
    await settle();
    void client.close();
    await loop;
    expect(kinds).toEqual(['connecting', 'connected', 'waiting', 'stopped']);
  });

  it('gives a slow loop the present state, and several loops each their own', async () => {
    const [slow, quick] = [client.status(), client.status()];
    const next = async (loop: AsyncGenerator<ClientState, void>) => ((await loop.next()).value as ClientState).kind;
    expect([await next(slow), await next(quick)]).toEqual(['connecting', 'connecting']);
    const waiting = next(quick);
    (await service.connection(1)).welcome();
    expect(await waiting).toBe('connected');
    (await service.connection(1)).terminate();
    await eventually('the loss', () => client.state.kind === 'waiting');
    expect(await next(slow)).toBe('waiting');
    await slow.return();
  });
});

describe('quality', () => {
  it('has nothing to say before there is a connection', () => {
    expect(client.quality).toEqual({ roundTripMs: null, silentMs: null });
  });

  it('says what publishes take, smoothed, and since when nothing has come', async () => {
    const pod = await service.connection(1);
    pod.welcome();
    await client.ready;
    const publish = async (seq: number, tookMs: number) => {
      const published = client.publish(stream, data);
      await pod.next('publish');
      clock.advance(tookMs);
      pod.send({ type: 'ack', stream, seq });
      await published;
    };
    await publish(1, 100);
    expect(client.quality).toEqual({ roundTripMs: 100, silentMs: 0 });
    await publish(2, 20);
    clock.advance(3_000);
    expect(client.quality).toEqual({ roundTripMs: 80, silentMs: 3_000 });
    pod.terminate();
    await eventually('the loss', () => client.state.kind === 'waiting');
    expect(client.quality).toEqual({ roundTripMs: 80, silentMs: null });
  });

  it('measures nothing that an absence was in between', async () => {
    const pod = await service.connection(1);
    pod.welcome();
    await client.ready;
    const published = client.publish(stream, data);
    await pod.next('publish');
    pod.terminate();
    await eventually('the loss', () => client.state.kind === 'waiting');
    clock.advance(60_000);
    const other = await service.connection(2);
    other.welcome();
    await other.next('publish');
    clock.advance(40);
    other.send({ type: 'ack', stream, seq: 1 });
    await published;
    expect(client.quality.roundTripMs).toBe(40);
  });
});

describe('what is published without a connection', () => {
  it('waits, up to a bound past which it is refused, and goes out in order', async () => {
    const both = [client.publish(stream, data), client.publish('channel:room-1', 1)];
    expect(client.unsettled).toBe(2);
    await expect(client.publish(stream, data)).rejects.toMatchObject({ code: 'too-many-unsettled' });
    const pod = await service.connection(1);
    pod.welcome();
    const [first, second] = [await pod.next('publish'), await pod.next('publish')];
    pod.send({ type: 'ack', stream: first.stream, seq: 1 }, { type: 'ack', stream: second.stream, seq: 1 });
    await expect(Promise.all(both)).resolves.toEqual([{ seq: 1 }, { seq: 1 }]);
    expect(client.unsettled).toBe(0);
  });
});

it('types given to connect are those of the data, by stream or pattern, and any JSON elsewhere', () => {
  const texts: string[] = [];
  client.subscribe(stream, (message: Message<Chat>) => texts.push(message.data.text));
  client.subscribe('channel:room-7', ({ data: count }) => texts.push(count.toFixed()));
  client.subscribe('tenant', ({ data: any }) => texts.push(JSON.stringify(any)));
  // @ts-expect-error not the type of this channel's data
  void client.publish(stream, { txt: 'no' }).catch(() => undefined);
  // @ts-expect-error not the type of this pattern's data
  void client.publish('channel:room-7', 'no').catch(() => undefined);
  expect(texts).toEqual([]);
});
