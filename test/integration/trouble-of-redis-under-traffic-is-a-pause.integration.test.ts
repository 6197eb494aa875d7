import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { breaches } from '../support/judge/promise.js';
import { PodsOn } from '../support/redis-topologies/pods-on.js';
import { refuses } from '../support/redis-topologies/refusals.js';
import { withTopology } from '../support/redis-topologies/with-topology.js';
import { TcpGate } from '../support/tcp-gate.js';

const CANARY_MS = 500;
const redis = withTopology('single', { args: ['--appendonly', 'yes', '--appendfsync', 'always'] });
const gates: TcpGate[] = [];
let pods: PodsOn;

beforeAll(async () => {
  pods = await PodsOn.start(redis());
});
afterAll(() => pods.stop());
afterEach(async () => {
  for (const gate of gates.splice(0)) await gate.stop();
});

it('LOADING, which Redis says while it reads its data, is a pause', async () => {
  const node = await redis().masterOf('');
  await node.admin.eval("for i = 1, 4000 do redis.call('SET', 'filler' .. i, i) end", 0);
  const traffic = await pods.traffic();
  await traffic.flows(50);
  await node.kill();
  const slowly = ['--key-load-delay', '300', '--loading-process-events-interval-bytes', '1024'];
  const started = node.start(...slowly);
  await eventually('Redis to be loading', () => refuses(node, 'LOADING'));
  await started;
  await traffic.flows(50);
  expect(breaches((await traffic.end()).whole, null)).toEqual([]);
});

it('SCRIPT FLUSH, again and again, is not even a pause', async () => {
  // The test before has taken Redis away.
  await pods.takeNewcomers();
  const traffic = await pods.traffic({ perSecond: 20 });
  const { admin } = await redis().masterOf('');
  for (let flushes = 0; flushes < 30; flushes += 1) {
    await admin.script('FLUSH');
    await traffic.flows(5);
  }
  const { whole } = await traffic.end();
  expect(breaches(whole, null)).toEqual([]);
  expect(traffic.connects).toBe(8);
});

it('connections of pub/sub that are killed again and again hide no message', async () => {
  const traffic = await pods.traffic();
  const { admin } = await redis().masterOf('');
  let killed = 0;
  for (let kills = 0; kills < 5; kills += 1) {
    killed += Number(await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub'));
    await traffic.flows(20);
  }
  expect(killed).toBeGreaterThanOrEqual(5);
  const { whole } = await traffic.end();
  expect(breaches(whole, null)).toEqual([]);
  expect(traffic.connects).toBe(8);
});

it.each([
  ['everything', ''],
  ['the subscriptions', 'subscribe'],
])('connections that die without a word (%s) are found by two canaries', async (_which, onlyWith) => {
  const gate = await TcpGate.start((await redis().masterOf('')).url);
  gates.push(gate);
  const behind = await PodsOn.start(
    { environment: { BATON_REDIS_URL: gate.url } },
    { BATON_CANARY_MS: String(CANARY_MS), BATON_REDIS_COMMAND_TIMEOUT_MS: '3000' },
  );
  try {
    const traffic = await behind.traffic();
    await traffic.flows(20);
    gate.onlyWith = onlyWith;
    gate.swallows = 'everything';
    const before = gate.accepted.length;
    const diedMs = performance.now();
    const again = async () => eventually('new connections', () => gate.accepted.length > before, { everyMs: 5 });
    await again();
    gate.swallows = 'nothing';
    expect(performance.now() - diedMs).toBeLessThan(2 * CANARY_MS + 500);
    await traffic.flows(50);
    expect(breaches((await traffic.end()).whole, null)).toEqual([]);
  } finally {
    await behind.stop();
  }
});
