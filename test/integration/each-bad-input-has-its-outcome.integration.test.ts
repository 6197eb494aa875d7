import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { OpenConnections } from '../../src/connections/open-connections.js';
import type { RunningPod } from '../../src/start-pod.js';
import { inAll, meet, type BadInput, type Met } from '../support/bad-inputs/bad-input.js';
import { badFields } from '../support/bad-inputs/fields.js';
import { badHandshakes } from '../support/bad-inputs/handshakes.js';
import { badJson } from '../support/bad-inputs/json.js';
import { badNameInputs } from '../support/bad-inputs/names.js';
import { badPositions } from '../support/bad-inputs/positions.js';
import { badRequests } from '../support/bad-inputs/requests.js';
import { makeScene, type Scene } from '../support/bad-inputs/scene.js';
import { badStates } from '../support/bad-inputs/states.js';
import { badTokens } from '../support/bad-inputs/tokens.js';
import { eventually } from '../support/eventually.js';
import { call, install, joinAs, startPodHere, type Installation } from '../support/in-process-pod.js';
import { inLanes } from '../support/lanes.js';
import type { RawClient } from '../support/raw-client.js';
import { withRedis } from '../support/with-redis.js';

const tables: Readonly<Record<string, readonly BadInput[]>> = {
  handshakes: badHandshakes,
  JSON: badJson,
  fields: badFields,
  states: badStates,
  names: badNameInputs,
  positions: badPositions,
  tokens: badTokens,
  requests: badRequests,
};
const all = Object.values(tables).flat();

const redis = withRedis();
let here: Installation;
let pod: RunningPod;
let scene: Scene;
let bystander: RawClient;
let met: ReadonlyMap<BadInput, Promise<Met>>;
/** Sent to the bystander meanwhile, one after the other. */
let told: Promise<number>;

beforeAll(async () => {
  here = await install({ url: redis.url, keyPrefix: redis.keyPrefix() }, [
    { id: 'backend', tenant: 'acme', grants: [{ stream: '*', can: ['subscribe', 'publish', 'presence'] }] },
  ]);
  pod = await startPodHere(here.environment, 'pod-a', {
    BATON_ALLOWED_ORIGINS: 'https://app.example.com',
    BATON_WINDOW_MESSAGES: '20',
  });
  scene = await makeScene(pod, here);
  bystander = (await joinAs(pod.port, scene.token, ['channel:bystander'])).client;
  const outcomes = inLanes(
    24,
    all.map((row) => () => meet(row, scene)),
  );
  met = new Map(all.map((row, index) => [row, outcomes[index] ?? Promise.reject(new Error('not played'))]));
  told = tellUntil(Promise.allSettled(outcomes));
});
afterAll(async () => {
  await Promise.allSettled(met.values());
  await told;
  bystander.terminate();
  await pod.close();
  await here.remove();
});

async function tellUntil(over: Promise<unknown>): Promise<number> {
  const ended = new AbortController();
  void over.then(() => {
    ended.abort();
  });
  let count = 0;
  for (; !ended.signal.aborted; count += 1) {
    const { status } = await call(pod.port, 'POST', '/v1/messages', {
      bearer: here.bearer('backend'),
      body: { to: { channel: 'bystander' }, data: count },
    });
    if (status !== 201) throw new Error(`message ${count} was answered ${status}`);
  }
  return count;
}

describe.each(Object.entries(tables))('bad %s', (_name, rows) => {
  it.each(rows)('$what', async (row) => {
    expect((await met.get(row))?.heard).toEqual(inAll(row));
  });
});

describe('bad inputs', () => {
  it('are 400 or more, and no two of them the same', async () => {
    const keys = await Promise.all([...met.values()].map(async (each) => (await each).key));
    const twice = keys.filter((key, index) => keys.indexOf(key) !== index);
    expect(twice.map((key) => key.slice(0, 200))).toEqual([]);
    expect(new Set(keys).size).toBeGreaterThanOrEqual(400);
  });

  it('disturb nobody who is connected, and leave no socket', async () => {
    const count = await told;
    expect(count).toBeGreaterThan(20);
    await eventually('the last message', () => bystander.of('message').length >= count);
    expect(bystander.of('message').map(({ data }) => data)).toEqual(Array.from({ length: count }, (_, index) => index));
    expect([bystander.closed, bystander.of('error'), bystander.of('reset')]).toEqual([null, [], []]);
    const connections = pod.app.get(OpenConnections);
    await eventually('every other socket to be gone', () => connections.size <= 2);
  });
});
