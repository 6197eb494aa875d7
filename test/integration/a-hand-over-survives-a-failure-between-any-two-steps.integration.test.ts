import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Clock } from '../../src/lib/clock.js';
import { METRICS, type Metrics } from '../../src/observability/metrics.js';
import { eventually } from '../support/eventually.js';
import type { Passing } from '../support/hand-over/frame-gate.js';
import { askToMove, GatedPods, holdersOf, rowOf, type GatedPod } from '../support/hand-over/gated-pods.js';
import { tenfoldClock, Traveller, upTo } from '../support/hand-over/traveller.js';
import { withRedis } from '../support/with-redis.js';

interface Step {
  /** The gate that sees it. */
  readonly at: 'old' | 'new';
  readonly way: Passing['way'];
  readonly type: string;
  /** Whether what was seen still arrives. */
  readonly arrives: boolean;
}

/** A place between two steps of a hand-over, and what is the last to be seen before it. */
const places: Readonly<Record<string, Step>> = {
  'once the client is asked to move': { at: 'old', way: 'to-client', type: 'migrate', arrives: true },
  'before the new connection is open': { at: 'new', way: 'to-pod', type: 'open', arrives: false },
  'once the new connection is open': { at: 'new', way: 'to-client', type: 'open', arrives: true },
  'before `hello` arrives': { at: 'new', way: 'to-pod', type: 'hello', arrives: false },
  'while the claim is under way': { at: 'new', way: 'to-pod', type: 'hello', arrives: true },
  'after the claim, so that `welcome` is lost': { at: 'new', way: 'to-client', type: 'welcome', arrives: false },
  'after `welcome`, before any stream has begun': { at: 'new', way: 'to-client', type: 'welcome', arrives: true },
  'after the first `subscribed`': { at: 'new', way: 'to-client', type: 'subscribed', arrives: true },
  'before 4500 has come': { at: 'old', way: 'to-client', type: 'close', arrives: false },
  'after 4500 has come': { at: 'old', way: 'to-client', type: 'close', arrives: true },
};

type Strike = (old: GatedPod, fresh: GatedPod) => void;
const strikes: Readonly<Record<string, Strike>> = {
  'the new connection is cut': (_old, fresh) => {
    fresh.clients.cut();
  },
  'both connections are cut': (old, fresh) => {
    old.clients.cut();
    fresh.clients.cut();
  },
  'the new pod dies': (_old, fresh) => {
    fresh.die();
  },
  'the old pod dies': (old) => {
    old.die();
  },
};

const redis = withRedis();
let pods: GatedPods;
let third: GatedPod;
let count = 0;

beforeAll(async () => {
  pods = await GatedPods.install({ url: redis.url, keyPrefix: redis.keyPrefix() });
  third = await pods.start('third');
});
afterAll(async () => {
  await pods.close();
});

/** Pods that have died are replaced. */
async function twoPods(): Promise<readonly [GatedPod, GatedPod]> {
  while (pods.living.length < 3) await pods.start(`pod-${(count += 1)}`);
  const [, old, fresh] = pods.living as [GatedPod, GatedPod, GatedPod];
  return [old, fresh];
}

/** Strikes once, when the step is seen. */
function strikeAt(step: Step, old: GatedPod, fresh: GatedPod, strike: Strike): () => boolean {
  let struck = false;
  const gate = (step.at === 'old' ? old : fresh).clients;
  gate.judge = ({ way, type }) => {
    if (struck || way !== step.way || type !== step.type) return 'pass';
    struck = true;
    gate.judge = () => 'pass';
    if (step.arrives) {
      // What has been passed on is read in the next turn of the event loop: everybody lives in this process.
      setTimeout(() => strike(old, fresh), 3);
    } else strike(old, fresh);
    return 'pass';
  };
  return () => struck;
}

describe.each(Object.keys(strikes))('a client that is moving when %s', (what) => {
  it.each(Object.keys(places))('%s: ends connected, with everything once and in order', async (where) => {
    const [step, strike] = [places[where], strikes[what]];
    if (step === undefined || strike === undefined) throw new Error('no such case');
    const [old, fresh] = await twoPods();
    await whileTalking(old, {}, async (mover) => {
      const struck = strikeAt(step, old, fresh, strike);
      askToMove(old, mover.session, fresh);
      await eventually('the failure', struck);
    });
  });
});

describe('a client that hears nothing from the new pod', () => {
  it('because `welcome` is held back, is connected again after 10 s, and what comes late changes nothing', async () => {
    const [old, fresh] = await twoPods();
    await whileTalking(old, { clock: tenfoldClock }, async (mover) => {
      fresh.clients.judge = ({ way, type }) => (way === 'to-client' && type === 'welcome' ? 'hold' : 'pass');
      askToMove(old, mover.session, fresh);
      await eventually('the old connection to be closed 4500', () => closesOf(mover).includes('1 4500 2'));
      await eventually('the attempt to be given up, and another to be welcomed', () => mover.welcomes.length === 2);
      fresh.clients.judge = () => 'pass';
      fresh.clients.release();
    });
  });

  it('because its `hello` is held back, keeps the old one for as long, and the late `hello` takes nothing', async () => {
    const [old, fresh] = await twoPods();
    const before = await refusals(fresh);
    await whileTalking(old, { clock: tenfoldClock }, async (mover) => {
      fresh.clients.judge = ({ way, type }) => (way === 'to-pod' && type === 'hello' ? 'hold' : 'pass');
      askToMove(old, mover.session, fresh, 30_000);
      await eventually('another attempt to be welcomed', () => mover.welcomes.at(-1) === 3);
      expect(closesOf(mover).slice(0, 1)).toEqual(['2 1000']);
      fresh.clients.judge = () => 'pass';
      fresh.clients.release();
      await eventually('the late `hello` to be refused', async () => (await refusals(fresh)) > before);
    });
  });
});

/** How often this pod refused a claim. */
async function refusals({ pod }: GatedPod): Promise<number> {
  const { values } = await pod.app.get<Metrics>(METRICS).sessionResumes.get();
  return values.find(({ labels }) => labels.result === 'refused')?.value ?? 0;
}

/** Each close of a connection, by its attempt. */
const closesOf = (mover: Traveller): readonly string[] =>
  mover.events.flatMap((event) =>
    event.type === 'closed' ? [`${event.attempt} ${event.code} ${event.reason}`.trim()] : [],
  );

/**
 * Something happens to a client of this pod while it talks to another, and afterwards it is connected, both have heard
 * everything once and in order, and the session has one owner.
 */
async function whileTalking(
  old: GatedPod,
  options: { readonly clock?: Clock },
  happens: (mover: Traveller) => Promise<void>,
): Promise<void> {
  const [mine, theirs] = [`channel:mine-${(count += 1)}`, `channel:theirs-${count}`] as const;
  const url = [old.clients.url, third.clients.url];
  const mover = new Traveller('ada', { url, token: () => pods.token('ada'), ...options });
  const friend = new Traveller('bob', { url: third.clients.url, token: () => pods.token('bob') });
  try {
    await Promise.all([mover.follow(mine, theirs), friend.follow(mine)]);
    mover.talk(mine);
    friend.talk(theirs);
    const { session } = mover;
    await happens(mover);
    await eventually('the client to be connected', () => mover.client.state.kind === 'connected');
    const before = Math.max(mover.said, friend.said);
    await eventually('more to be said', () => Math.min(mover.said, friend.said) > before + 5);
    await Promise.all([mover.hush(), friend.hush()]);

    expect(await mover.hearsAll(theirs, friend.said)).toEqual(upTo(friend.said));
    expect(await mover.hearsAll(mine, mover.said)).toEqual(upTo(mover.said));
    expect(await friend.hearsAll(mine, mover.said)).toEqual(upTo(mover.said));
    expect([...mover.resets, ...mover.failures, ...friend.failures]).toEqual([]);
    await eventually(
      'one owner',
      () => mover.client.state.kind === 'connected' && holdersOf(pods.living, session).length === 1,
    );
    expect(holdersOf(pods.living, session)).toEqual([mover.pod]);
    expect(await rowOf(third, session)).toMatchObject({ attempt: mover.attempt, detached: false });
    expect(mover.session).toBe(session);
  } finally {
    for (const { clients } of pods.all) clients.judge = () => 'pass';
    await Promise.all([mover.leave(), friend.leave()]);
  }
}
