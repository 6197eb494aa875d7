import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '../eventually.js';
import { RawClient } from '../raw-client.js';
import type { Guest } from './guest.js';
import type { PodsHere } from './pods-here.js';

/** What came of a steady traffic with trouble in the middle. */
export interface TrafficStory {
  readonly acknowledged: readonly unknown[];
  readonly published: readonly unknown[];
  readonly sent: readonly unknown[];
  /** Sockets closed, resets, losses told, publishes rejected: of all clients. */
  readonly harm: readonly unknown[];
  /** `probe` frames: how often the pod checked everything. */
  readonly doubts: number;
}

const MESSAGES = 40;
const TROUBLE_AT = 10;
export const everything = Array.from({ length: MESSAGES }, (_, n) => n);

/** Clients of pod `a` publish and listen, a backend sends at pod `b`; `trouble` begins after a quarter. */
export async function keepTalking(
  pods: PodsHere,
  trouble: () => Promise<void> | void,
  everyMs = 25,
): Promise<TrafficStory> {
  const [listener, speaker] = [pods.guest('ann', 'a'), pods.guest('bob', 'a')];
  await Promise.all([listener.follow(['channel:talk', 'user']), speaker.follow(['channel:talk'])]);
  const watcher = await RawClient.open(`${pods.url('a')}/v1/connect`);
  watcher.send({ type: 'hello', attempt: 1, token: await pods.token('cyd'), streams: {}, can: [], hops: 0 });
  await watcher.next('welcome');
  const sending: Promise<number>[] = [];
  let troubled: Promise<void> | void = undefined;
  for (const n of everything) {
    if (n === TROUBLE_AT) troubled = trouble();
    void speaker.publish('channel:talk', n);
    sending.push(send(pods, n, sending.at(-1)));
    await pause(everyMs);
  }
  await troubled;
  await Promise.all(sending);
  await eventually(
    () => `everything to arrive; so far ${JSON.stringify([listener, speaker].map(arrived))}`,
    () =>
      listener.heard('user').length === MESSAGES && [listener, speaker].every((guest) => arrived(guest) === MESSAGES),
    { withinMs: 20_000 },
  );
  await eventually('everything to be acknowledged', () => speaker.acknowledged.length === MESSAGES);
  const story = {
    acknowledged: speaker.acknowledged,
    published: listener.heard('channel:talk'),
    sent: listener.heard('user'),
    harm: [...harmOf(listener), ...harmOf(speaker), ...(watcher.closed ? [watcher.closed] : [])],
    doubts: watcher.of('probe').length,
  };
  watcher.terminate();
  return story;
}

const arrived = (guest: Guest): number => guest.heard('channel:talk').length;
const harmOf = ({ closings, resets, lost, rejected }: Guest): readonly unknown[] => [
  ...[...closings, ...resets],
  ...[...lost, ...rejected],
];

/** One after the other, at a pod that has no trouble, and without waiting for this one here. */
async function send(pods: PodsHere, n: number, before: Promise<number> | undefined): Promise<number> {
  await before;
  const { status } = await pods.send('b', { user: 'ann' }, n, `send-${n}`);
  if (status >= 300) throw new Error(`a send was answered ${status}`);
  return status;
}
