import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { connect, type Client } from '../../src/client/index.js';
import { eventually } from '../support/eventually.js';
import { ManualClock } from '../support/manual-clock.js';
import { ScriptedService, type ScriptedConnection } from '../support/scripted-service.js';

const page = new EventTarget();
let service: ScriptedService;
let clock: ManualClock;
let client: Client;
let pod: ScriptedConnection;

const online = (): void => {
  page.dispatchEvent(new Event('online'));
};
const waits = () => eventually('the client to wait', () => client.state.kind === 'waiting');

beforeEach(async () => {
  Object.assign(globalThis, {
    addEventListener: page.addEventListener.bind(page),
    removeEventListener: page.removeEventListener.bind(page),
  });
  service = await ScriptedService.start();
  clock = new ManualClock();
  client = connect({ url: service.url, token: 'token', clock, random: () => 0.5, storage: null });
  pod = await service.connection(1);
  pod.welcome();
  await client.ready;
});
afterEach(async () => {
  const closed = client.close();
  for (const connection of service.connections) connection.terminate();
  await closed;
  await service.stop();
  expect(clock.timers).toBe(0);
  Reflect.deleteProperty(globalThis, 'addEventListener');
  Reflect.deleteProperty(globalThis, 'removeEventListener');
});

describe('a client whose page is online again', () => {
  it('does not wait for its backoff', async () => {
    pod.terminate();
    await waits();
    online();
    clock.advance(0);
    expect((await service.connection(2)).hello).toMatchObject({ session: 'S', attempt: 2 });
  });

  it('waits for as long as the service has asked for', async () => {
    pod.send({ type: 'busy', retryAfterMs: 5_000 });
    pod.close(1013);
    await waits();
    clock.advance(1_000);
    online();
    clock.advance(3_999);
    expect(service.connections).toHaveLength(1);
    clock.advance(1);
    expect((await service.connection(2)).hello.attempt).toBe(2);
  });

  it('does nothing while it is connected, or has stopped', async () => {
    online();
    clock.advance(1_000);
    expect(client.state.kind).toBe('connected');
    pod.close(4503);
    await eventually('the client to stop', () => client.state.kind === 'stopped');
    online();
    clock.advance(60_000);
    expect(service.connections).toHaveLength(1);
  });
});
