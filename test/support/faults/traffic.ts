import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '../eventually.js';
import { RawClient } from '../raw-client.js';
import type { Guest } from './guest.js';

/** Two pods, `a` and `b`, wherever they run. */
export interface TalkingPlace {
  guest(user: string, ...pods: readonly string[]): Guest;
  url(pod: string): string;
  token(user: string): Promise<string>;
  /** As a backend, with an Idempotency-Key. */
  send(pod: string, to: object, data: unknown, key: string): Promise<{ readonly status: number }>;
}

/** What came of a steady traffic with trouble in the middle. */
export interface TrafficStory {
  readonly acknowledged: readonly unknown[];
  readonly published: readonly unknown[];
  readonly sent: readonly unknown[];
  /** Sockets closed, resets, losses told, publishes rejected: of all clients. */
  readonly harm: readonly unknown[];
  /** `probe` frames until now: how often the pod checked everything. */
  readonly doubts: () => number;
}

const MESSAGES = 40;
const TROUBLE_AT = 10;
export const everything = Array.from({ length: MESSAGES }, (_, n) => n);

/** Clients of pod `a` publish and listen, a backend sends at pod `b`; `trouble` begins after a quarter. */
export async function keepTalking(
  pods: TalkingPlace,
  trouble: () => Promise<void> | void,
  everyMs = 25,
): Promise<TrafficStory> {
  // Each talk has its own: pods may have had others before.
  const talk = randomBytes(4).toString('hex');
  const stream = `channel:${talk}` as const;
  const [listener, speaker] = [pods.guest(`ann-${talk}`, 'a'), pods.guest(`bob-${talk}`, 'a')];
  await Promise.all([listener.follow([stream, 'user']), speaker.follow([stream])]);
  const watcher = await RawClient.open(`${pods.url('a')}/v1/connect`);
  watcher.send({ type: 'hello', attempt: 1, token: await pods.token(`cyd-${talk}`), streams: {}, can: [], hops: 0 });
  await watcher.next('welcome');
  const arrived = (guest: Guest): number => guest.heard(stream).length;
  const sending: Promise<number>[] = [];
  let troubled: Promise<void> | void = undefined;
  for (const n of everything) {
    if (n === TROUBLE_AT) troubled = trouble();
    void speaker.publish(stream, n);
    sending.push(send(pods, talk, n, sending.at(-1)));
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
    published: listener.heard(stream),
    sent: listener.heard('user'),
    harm: [...harmOf(listener), ...harmOf(speaker), ...(watcher.closed ? [watcher.closed] : [])],
    doubts: () => watcher.of('probe').length,
  };
  return story;
}

const harmOf = ({ closings, resets, lost, rejected }: Guest): readonly unknown[] => [
  ...[...closings, ...resets],
  ...[...lost, ...rejected],
];

/** One after the other, at a pod that has no trouble, and without waiting for this one here. */
async function send(pods: TalkingPlace, talk: string, n: number, before: Promise<number> | undefined): Promise<number> {
  await before;
  const { status } = await pods.send('b', { user: `ann-${talk}` }, n, `${talk}-${n}`);
  if (status >= 300) throw new Error(`a send was answered ${status}`);
  return status;
}
