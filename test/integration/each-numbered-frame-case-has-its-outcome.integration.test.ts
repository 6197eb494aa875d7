import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { OpenConnections } from '../../src/connections/open-connections.js';
import type { RunningPod } from '../../src/start-pod.js';
import { eventually } from '../support/eventually.js';
import { closesAndLimits } from '../support/frames/closes-and-limits.js';
import { fragmented } from '../support/frames/fragmented.js';
import { play, toTheEnd } from '../support/frames/frame-case.js';
import { sizesAndPings } from '../support/frames/sizes-and-pings.js';
import { utf8Cases } from '../support/frames/utf8-cases.js';
import { install, joinAs, startPodHere, type Installation } from '../support/in-process-pod.js';
import { inLanes } from '../support/lanes.js';
import { withRedis } from '../support/with-redis.js';

/** In the order and with the numbers of Autobahn's test suite; data and outcomes are this service's own. */
const cases = [...sizesAndPings, ...fragmented, ...utf8Cases, ...closesAndLimits];

const redis = withRedis();
let here: Installation;
let pod: RunningPod;
let token: string;
/** Played at once, so that they are also many at a time. */
let heard: ReadonlyMap<string, Promise<readonly string[]>>;

beforeAll(async () => {
  here = await install({ url: redis.url, keyPrefix: redis.keyPrefix() }, []);
  pod = await startPodHere(here.environment, 'pod-a');
  token = await here.token('acme', 'ada');
  const outcomes = inLanes(
    32,
    cases.map((each) => () => play(each, pod.port, token)),
  );
  heard = new Map(cases.map(({ id }, index) => [id, outcomes[index] ?? Promise.reject(new Error('not played'))]));
});
afterAll(async () => {
  await Promise.allSettled(heard.values());
  await pod.close();
  await here.remove();
});

describe('a frame', () => {
  it.each(cases)('$id: $what', async ({ id, hears }) => {
    expect(await heard.get(id)).toEqual(toTheEnd(hears));
  });
});

describe('the numbered frame cases', () => {
  it('are 301, each once, as many of each group as there are', () => {
    const groups = Map.groupBy(cases, ({ id }) => Number(id.split('.')[0]));
    const sizes = Object.fromEntries([...groups].map(([group, members]) => [group, members.length]));
    expect(sizes).toEqual({ 1: 16, 2: 11, 3: 7, 4: 10, 5: 20, 6: 145, 7: 37, 9: 54, 10: 1 });
    expect(new Set(cases.map(({ id }) => id)).size).toBe(301);
  });

  it('leave a pod that serves, and that holds no socket', async () => {
    await Promise.all(heard.values());
    const { client } = await joinAs(pod.port, token, ['channel:after']);
    const connections = pod.app.get(OpenConnections);
    await eventually('every other socket to be gone', () => connections.size === 1);
    client.terminate();
    await eventually('the last socket to be gone', () => connections.size === 0);
  });
});
