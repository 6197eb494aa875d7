import { describe, expect, it } from '@jest/globals';
import { RedisHysteresis } from '../../src/http/redis-readiness.js';

/** Looks once a second, as a kubelet does; true and false are what each look saw of Redis. */
async function readinessOver(seen: readonly boolean[], othersAreWell: (second: number) => boolean) {
  let second = 0;
  const hysteresis = new RedisHysteresis(
    () => second * 1_000,
    () => Promise.resolve(othersAreWell(second)),
  );
  const ready: boolean[] = [];
  for (const healthy of seen) {
    ready.push((await hysteresis.look(healthy)).ready);
    second += 1;
  }
  return ready;
}
const seconds = (count: number, healthy: boolean): boolean[] => Array.from({ length: count }, () => healthy);

describe('while others have Redis, a pod that lost it', () => {
  const alone = () => true;

  it('stays ready for 10 s', async () => {
    const ready = await readinessOver([...seconds(3, true), ...seconds(10, false), true], alone);
    expect(ready).toEqual(seconds(14, true));
  });

  it('then isn’t ready until Redis has been back for a second', async () => {
    const ready = await readinessOver([...seconds(12, false), true, true, true], alone);
    expect(ready).toEqual([...seconds(10, true), ...seconds(3, false), true, true]);
  });

  it('isn’t ready because of losses that add up', async () => {
    const flapping = [...seconds(6, false), true, ...seconds(6, false), true, ...seconds(6, false)];
    expect(await readinessOver(flapping, alone)).toEqual(seconds(20, true));
  });
});

describe('if nobody is known to have Redis, a pod that lost it', () => {
  it('stays ready: no endpoint at all helps nobody', async () => {
    expect(await readinessOver(seconds(60, false), () => false)).toEqual(seconds(60, true));
  });

  it('gives way once somebody else has it again', async () => {
    const ready = await readinessOver(seconds(30, false), (second) => second >= 20);
    expect(ready).toEqual([...seconds(20, true), ...seconds(10, false)]);
  });
});
