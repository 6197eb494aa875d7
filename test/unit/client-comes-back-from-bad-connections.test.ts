import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { connect, type Client, type ClientOptions, type ClientState } from '../../src/client/index.js';
import { asChannelName, asEntryId } from '../../src/protocol/ids.js';
import { eventually } from '../support/eventually.js';
import { ManualClock, settle } from '../support/manual-clock.js';
import { ScriptedService } from '../support/scripted-service.js';

const position = (offset: number) => ({ offset, id: asEntryId(`e${offset}`) });
let service: ScriptedService;
let other: ScriptedService;
let clock: ManualClock;
let client: Client;
let states: ClientState['kind'][];

beforeEach(async () => {
  service = await ScriptedService.start();
  other = await ScriptedService.start();
  clock = new ManualClock();
  states = [];
});
afterEach(async () => {
  void client.close();
  clock.advance(2_000);
  await Promise.all([service.stop(), other.stop()]);
  expect(clock.timers).toBe(0);
});

function start(options: Partial<ClientOptions> = {}): void {
  client = connect({
    url: service.url,
    token: 'token',
    clock,
    random: () => 0.5,
    allowedOrigins: 'same-host',
    ...options,
  });
  client.on('state', ({ kind }) => states.push(kind));
}
const stopped = async () => {
  await eventually('the client to stop', () => client.state.kind === 'stopped');
  return client.state.kind === 'stopped' ? client.state.error : null;
};
const waits = () => eventually('the client to wait', () => client.state.kind === 'waiting');
const connected = () => eventually('the client to be connected', () => client.state.kind === 'connected');

describe('a client', () => {
  it('whose pod is killed resumes with the next attempt and its positions', async () => {
    start();
    client.subscribe('session', () => undefined);
    const first = await service.connection(1);
    first.welcome();
    first.send({ type: 'subscribed', stream: 'session', position: position(4) });
    await connected();
    await eventually('the position', () => client.subscribe('session').position);
    first.terminate();
    await waits();
    clock.advance(500);
    const second = await service.connection(2);
    expect(second.hello).toMatchObject({
      attempt: 2,
      session: 'S',
      resume: 'resume-S',
      streams: { session: position(4) },
    });
    expect(second.hello.token).toBeUndefined();
    second.welcome();
    await connected();
    expect(states).toEqual(['connected', 'waiting', 'connecting', 'connected']);
  });

  it('whose first welcome is lost gives up after 10 s and starts a session anew', async () => {
    start();
    await service.connection(1);
    clock.advance(10_000);
    await waits();
    expect(await service.connections[0]?.closed()).toBe(1000);
    clock.advance(500);
    expect((await service.connection(2)).hello).toMatchObject({ attempt: 1, token: 'token' });
  });

  it('that hears nothing for two ping periods takes the connection for dead, whatever its socket says', async () => {
    start();
    const first = await service.connection(1);
    first.welcome();
    await connected();
    clock.advance(49_000);
    first.send({ type: 'ping' });
    await first.next('pong');
    clock.advance(49_999);
    expect(client.state.kind).toBe('connected');
    clock.advance(1);
    expect(client.state.kind).toBe('waiting');
    clock.advance(500);
    expect((await service.connection(2)).hello.attempt).toBe(2);
  });

  it('that a pod does not take goes where it is sent, at once', async () => {
    start();
    const refused = await service.connection(1);
    refused.send({ type: 'migrate', reason: 'rebalance', withinMs: 0, deadlineMs: 5_000, endpoints: [other.url] });
    const taken = await other.connection(1);
    expect(taken.hello).toMatchObject({ attempt: 1, hops: 1, token: 'token' });
    expect(await refused.closed()).toBe(1000);
    taken.welcome();
    await client.ready;
  });

  it('is told by `busy` how long to stay away', async () => {
    start();
    const first = await service.connection(1);
    first.send({ type: 'busy', retryAfterMs: 3_000 });
    first.close(1013);
    await waits();
    clock.advance(3_249);
    expect(service.connections).toHaveLength(1);
    clock.advance(1);
    await service.connection(2);
  });

  it.each([
    ['its own number', '1'],
    ['a number that it never opened', '8'],
  ])('that is closed 4500 with %s stops: somebody else holds its session', async (_, reason) => {
    start();
    const first = await service.connection(1);
    first.welcome();
    await connected();
    first.close(4500, reason);
    expect(await stopped()).toMatchObject({ code: 'session-taken', closeCode: 4500 });
    expect(clock.timers).toBe(0);
  });

  it('asks for a new token at 4501, and stops at a second one without a welcome', async () => {
    const tokens = ['one', 'two'];
    start({ token: () => tokens.shift() ?? 'none' });
    (await service.connection(1)).close(4501);
    await waits();
    clock.advance(500);
    const second = await service.connection(2);
    expect(second.hello.token).toBe('two');
    second.close(4501, 'expired');
    expect(await stopped()).toMatchObject({ code: 'unauthorized', message: 'closed with 4501: expired' });
    await expect(client.ready).rejects.toMatchObject({ code: 'unauthorized' });
  });

  it('keeps the working connection when the second one fails, and tries again', async () => {
    start();
    const first = await service.connection(1);
    first.welcome();
    await connected();
    first.send({ type: 'migrate', reason: 'drain', withinMs: 0, deadlineMs: 20_000, endpoints: [other.url] });
    await eventually('the move to begin', () => client.state.kind === 'moving');
    clock.advance(0);
    (await other.connection(1)).close(1002);
    await eventually('the attempt to fail', () => other.connections[0]?.closedWith);
    const published = client.publish('channel:a', 1);
    first.send({ type: 'ack', stream: 'channel:a', seq: (await first.next('publish')).seq });
    await expect(published).resolves.toEqual({ seq: 1 });
    expect(client.state.kind).toBe('moving');
    clock.advance(500);
    const third = await service.connection(2);
    expect(third.hello).toMatchObject({ attempt: 3, session: 'S' });
    third.welcome('S', 'pod-b');
    await eventually('the move', () => client.state.kind === 'connected' && client.state.pod === 'pod-b');
    clock.advance(5_000);
    expect(await first.closed()).toBe(1000);
  });

  it('ignores frames that it does not know, and those that are none', async () => {
    start();
    const first = await service.connection(1);
    first.welcome();
    for (const text of ['{"type":"weather"}', 'nonsense', '[]', '"x"', '{"type":7}']) first.sendText(text);
    first.send({ type: 'ping' });
    await first.next('pong');
    expect(client.state.kind).toBe('connected');
  });

  it('renews its credential when it is about to end, and once only', async () => {
    let asked = 0;
    start({ token: () => `token-${(asked += 1)}` });
    const first = await service.connection(1);
    first.welcome();
    first.send({ type: 'credential', expiresInMs: 60_000 });
    expect(await first.next('token')).toEqual({ type: 'token', token: 'token-2' });
    first.send({ type: 'credential', expiresInMs: 30_000 }, { type: 'ping' });
    await first.next('pong');
    expect(asked).toBe(2);
  });

  it('whose renewal fails tries again while the credential lives', async () => {
    const answers = ['first', new Error('offline'), 'third', 'fourth', 'fifth'];
    start({
      token: () => {
        const answer = answers.shift();
        if (answer instanceof Error) throw answer;
        return answer ?? 'none';
      },
    });
    const errors: string[] = [];
    client.on('error', ({ code }) => errors.push(code));
    const first = await service.connection(1);
    first.welcome();
    first.send({ type: 'credential', expiresInMs: 60_000 });
    await eventually('the failure', () => errors.length === 1);
    clock.advance(250);
    expect(await first.next('token')).toMatchObject({ token: 'third' });
    first.send({ type: 'error', code: 'forbidden', message: 'a presence', channel: asChannelName('a') });
    first.send({ type: 'error', code: 'unavailable', message: 'Redis', retryAfterMs: 1_000 });
    await eventually('the errors', () => errors.length === 3);
    clock.advance(1_500);
    expect(await first.next('token')).toMatchObject({ token: 'fourth' });
    first.send({ type: 'error', code: 'unauthorized', message: 'another user' });
    first.send({ type: 'credential', expiresInMs: 30_000 });
    expect(await first.next('token')).toMatchObject({ token: 'fifth' });
    expect(errors).toEqual(['no-token', 'forbidden', 'unavailable', 'unauthorized']);
  });

  it('does not renew a credential that ends before it could, nor on a connection that is gone', async () => {
    let asked = 0;
    start({
      token: () => {
        if ((asked += 1) > 1) throw new Error('offline');
        return 'first';
      },
    });
    client.on('error', () => undefined);
    const first = await service.connection(1);
    first.welcome();
    first.send({ type: 'credential', expiresInMs: 200 });
    await eventually('the question', () => asked === 2);
    await settle();
    clock.advance(10_000);
    expect(asked).toBe(2);
    first.send({ type: 'credential', expiresInMs: 60_000 });
    await eventually('the question', () => asked === 3);
    await settle();
    first.terminate();
    await waits();
    clock.advance(499);
    expect(asked).toBe(3);
  });

  it('whose subscribe is not answered for 15 s, with no frame of a stream, leaves the connection', async () => {
    start();
    const first = await service.connection(1);
    first.welcome();
    await connected();
    client.subscribe('session', () => undefined);
    await first.next('subscribe');
    clock.advance(14_000);
    first.send({ type: 'reset', stream: 'session', reason: 'lost', position: position(4) }, { type: 'ping' });
    await first.next('pong');
    clock.advance(14_999);
    expect(client.state.kind).toBe('connected');
    clock.advance(1);
    expect(client.state.kind).toBe('waiting');
    expect(await first.closed()).toBe(1000);
    clock.advance(500);
    const second = await service.connection(2);
    expect(second.hello).toMatchObject({ attempt: 2, streams: { session: position(4) } });
    second.welcome();
    await connected();
    clock.advance(15_000);
    expect(client.state.kind).toBe('waiting');
  });

  it('whose streams are all answered stays, and leaves if an unsubscribe then is not', async () => {
    start({ answerTimeoutMs: 3_000 });
    const first = await service.connection(1);
    first.welcome();
    await connected();
    const subscription = client.subscribe('session', () => undefined);
    await first.next('subscribe');
    first.send({ type: 'subscribed', stream: 'session', position: position(4) });
    await subscription.ready;
    clock.advance(20_000);
    expect(client.state.kind).toBe('connected');
    subscription.close();
    await first.next('unsubscribe');
    clock.advance(2_999);
    expect(client.state.kind).toBe('connected');
    clock.advance(1);
    expect(client.state.kind).toBe('waiting');
  });

  it('whose token function fails or never ends says so and asks again', async () => {
    const answers = [
      () => Promise.reject(new Error('offline')),
      () => new Promise<string>(() => undefined),
      () => Promise.resolve('third'),
    ];
    const errors: unknown[] = [];
    start({ token: () => answers.shift()?.() ?? 'none' });
    client.on('error', ({ code, cause }) => errors.push([code, String(cause)]));
    await waits();
    clock.advance(500);
    await settle();
    clock.advance(30_000);
    await waits();
    clock.advance(1_000);
    expect((await service.connection(1)).hello.token).toBe('third');
    expect(errors).toEqual([
      ['no-token', 'Error: offline'],
      ['no-token', 'Error: the token function took longer than 30000 ms'],
    ]);
  });

  it('goes on trying when the platform refuses to open a socket', async () => {
    start({
      webSocket: () => {
        throw new TypeError('blocked');
      },
    });
    await settle();
    clock.advance(0);
    await waits();
  });
});
