import { eventually } from '../eventually.js';
import { json, text } from '../frames/frame-bytes.js';
import { toTheEnd } from '../frames/frame-case.js';
import { RawSocket } from '../frames/raw-socket.js';
import type { Scene } from './scene.js';

/**
 * How far the connection is when the bytes come. `tcp`: nothing was said. `upgraded`: no `hello` yet. `open`: welcome was
 * said. `leaving`: another attempt has just won. `closing`: `bye` goes before in the same packet.
 */
export type Stage = 'tcp' | 'upgraded' | 'claiming' | 'open' | 'leaving' | 'closing';

/** Something that nobody should send, and everything that is to be heard of it. */
export interface BadInput {
  readonly what: string;
  readonly at: Stage;
  readonly bytes: (scene: Scene) => Buffer;
  /** Without the words for people. */
  readonly hears: readonly string[];
}

export interface Met {
  readonly row: BadInput;
  /** Different for different inputs. */
  readonly key: string;
  readonly heard: readonly string[];
}

/** Plays one, on a connection of its own. */
export async function meet(row: BadInput, scene: Scene): Promise<Met> {
  const bytes = row.bytes(scene);
  const raw = await reach(row.at, scene, bytes);
  await eventually(
    () => `${row.hears.join(', ')}; heard: ${raw.heard.join(', ').slice(0, 300)}`,
    () => raw.over || raw.heard.length >= row.hears.length,
    { everyMs: 2, withinMs: 15_000 },
  ).catch(() => undefined);
  const heard = (await raw.leave()).map((line) => line.split(': ')[0] ?? '');
  const key = `${row.at} ${bytes.toString('latin1')}`;
  return { row, key, heard: raw.upgraded ? heard : heard.filter((line) => line !== 'end') };
}

/** What is heard in all, with how it ends: requests without an upgrade have no end of their own. */
export const inAll = ({ at, hears }: BadInput): readonly string[] =>
  at === 'tcp' && hears[0] !== 'HTTP 101' ? hears : toTheEnd(hears);

async function reach(at: Stage, { pod, token }: Scene, bytes: Buffer): Promise<RawSocket> {
  const raw = await connected(at, pod.port, token);
  switch (at) {
    case 'claiming':
      await raw.write([Buffer.concat([hello(token), bytes])]);
      break;
    case 'leaving':
      await overtake(raw, pod.port);
      await raw.write([bytes]);
      break;
    case 'closing':
      await raw.write([Buffer.concat([json({ type: 'bye' }), bytes])]);
      break;
    default:
      await raw.write([bytes]);
  }
  return raw;
}

function connected(at: Stage, port: number, token: string): Promise<RawSocket> {
  if (at === 'tcp') return Promise.resolve(RawSocket.connect(port));
  return at === 'upgraded' || at === 'claiming' ? RawSocket.open(port) : RawSocket.join(port, token);
}

export const hello = (token: string, more: object = {}): Buffer =>
  json({ type: 'hello', attempt: 1, token, streams: {}, can: [], hops: 0, ...more });

async function overtake(raw: RawSocket, port: number): Promise<void> {
  const other = await RawSocket.open(port);
  const { session, resume } = raw.welcome ?? {};
  await other.write([json({ type: 'hello', attempt: 2, session, resume })]);
  await other.until('welcome');
  other.socket.destroy();
}

type Frames = readonly (readonly [what: string, frame: unknown, ...hears: string[]])[];

/** Rows of frames that are JSON. */
export const frames = (at: Stage, rows: Frames): readonly BadInput[] =>
  rows.map(([what, frame, ...hears]) => ({ what, at, bytes: () => json(frame), hears }));

/** Rows of frames that JSON.stringify couldn't make. */
export const texts = (at: Stage, rows: readonly (readonly [string, string, ...string[]])[]): readonly BadInput[] =>
  rows.map(([what, each, ...hears]) => ({ what, at, bytes: () => text(each), hears }));
