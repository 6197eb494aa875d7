import { json } from '../frames/frame-bytes.js';
import type { BadInput } from './bad-input.js';
import type { Scene } from './scene.js';

const stream = 'channel:log';
const LIVE = `subscribed ${stream}`;
const reset = (reason: string): readonly string[] => [`reset ${stream} ${reason}`, LIVE];
/** So many messages, then live. */
const messages = (count: number): readonly string[] => [...Array<string>(count).fill(`message ${stream}`), LIVE];

type Position = (log: Scene['log']) => { readonly offset: number; readonly id: string };

/** The log has 60 messages and keeps the last 20 to 25 of them. */
const rows: readonly (readonly [string, Position, readonly string[]])[] = [
  ['its end', ({ ids }) => ({ offset: 60, id: ids[59] ?? '' }), [LIVE]],
  ['one before its end', ({ ids }) => ({ offset: 59, id: ids[58] ?? '' }), messages(1)],
  ['five before its end', ({ ids }) => ({ offset: 55, id: ids[54] ?? '' }), messages(5)],
  ['what was trimmed', ({ ids }) => ({ offset: 5, id: ids[4] ?? '' }), reset('trimmed')],
  ['its first message', ({ ids }) => ({ offset: 1, id: ids[0] ?? '' }), reset('trimmed')],
  ['its beginning', ({ epoch }) => ({ offset: 0, id: epoch }), reset('trimmed')],
  ['the beginning of another log', ({ other }) => ({ offset: 0, id: other }), reset('lost')],
  ['a beginning that nobody made', () => ({ offset: 0, id: 'made-up' }), reset('lost')],
  ['its end with another id', () => ({ offset: 60, id: 'made-up' }), reset('forked')],
  ['its end with the id before', ({ ids }) => ({ offset: 60, id: ids[58] ?? '' }), reset('forked')],
  ['its middle with another id', () => ({ offset: 55, id: 'made-up' }), reset('forked')],
  ['its middle with the id of the end', ({ ids }) => ({ offset: 55, id: ids[59] ?? '' }), reset('forked')],
  ['its middle with the id of the log', ({ epoch }) => ({ offset: 55, id: epoch }), reset('forked')],
  ['what was trimmed with another id', () => ({ offset: 5, id: 'made-up' }), reset('trimmed')],
  ['one beyond its end', ({ ids }) => ({ offset: 61, id: ids[59] ?? '' }), reset('ahead')],
  ['far beyond its end', () => ({ offset: 1_000_000, id: 'made-up' }), reset('ahead')],
  ['2^32', () => ({ offset: 2 ** 32, id: 'made-up' }), reset('ahead')],
  ['2^53 - 1', () => ({ offset: 2 ** 53 - 1, id: 'made-up' }), reset('ahead')],
  ['an id of Redis', () => ({ offset: 55, id: '1790000000000-0' }), reset('forked')],
  ['an id like a number', () => ({ offset: 55, id: '55' }), reset('forked')],
  ['an id in other letters', ({ ids }) => ({ offset: 60, id: swapped(ids[59] ?? '') }), reset('forked')],
  ['half an id', ({ ids }) => ({ offset: 60, id: (ids[59] ?? '').slice(0, -1) }), reset('forked')],
];

const swapped = (id: string): string =>
  id.replace(/[a-z]/gi, (letter) => (letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase()));

/** Positions of which only Redis knows that they are none. */
const subscribes = rows.map(([what, position, hears]): BadInput => ({
  what: `a subscribe from ${what}`,
  at: 'open',
  bytes: ({ log }) => json({ type: 'subscribe', stream, position: position(log) }),
  hears,
}));
const hellos = rows.map(([what, position, hears]): BadInput => ({
  what: `a hello from ${what}`,
  at: 'upgraded',
  bytes: ({ log, token }) => json({ type: 'hello', attempt: 1, token, streams: { [stream]: position(log) } }),
  hears: ['welcome', ...hears],
}));

interface Resuming {
  readonly session?: string;
  readonly resume?: string;
  readonly attempt?: number;
}
type Resume = (scene: Scene) => Resuming;

/** The bytes of a token with one of them changed. */
const changed = (token: string, at: number): string => {
  const index = at < 0 ? token.length + at : at;
  return `${token.slice(0, index)}${token[index] === 'A' ? 'B' : 'A'}${token.slice(index + 1)}`;
};

const resumes: readonly (readonly [string, Resume, string])[] = [
  ['somebody', () => ({ session: 'somebody', resume: 'x' }), 'close 4501'],
  ['a token of three parts', ({ session }) => ({ session: session.id, resume: 'a.b.c' }), 'close 4501'],
  ['a token of dots', ({ session }) => ({ session: session.id, resume: '...' }), 'close 4501'],
  ['a token of braces', ({ session }) => ({ session: session.id, resume: '{}' }), 'close 4501'],
  ['a token of 1,024 characters', ({ session }) => ({ session: session.id, resume: 'x'.repeat(1_024) }), 'close 4501'],
  [
    'a token with another first byte',
    ({ session: { id, resume } }) => ({ session: id, resume: changed(resume, 0) }),
    'close 4501',
  ],
  [
    'a token with another byte',
    ({ session: { id, resume } }) => ({ session: id, resume: changed(resume, 20) }),
    'close 4501',
  ],
  [
    'a token with another signature',
    ({ session: { id, resume } }) => ({ session: id, resume: changed(resume, -5) }),
    'close 4501',
  ],
  [
    'a token without its end',
    ({ session: { id, resume } }) => ({ session: id, resume: resume.slice(0, -2) }),
    'close 4501',
  ],
  [
    'a token without its beginning',
    ({ session: { id, resume } }) => ({ session: id, resume: resume.slice(1) }),
    'close 4501',
  ],
  ['a token with a space', ({ session: { id, resume } }) => ({ session: id, resume: `${resume} ` }), 'close 4501'],
  [
    'a token with a line break',
    ({ session: { id, resume } }) => ({ session: id, resume: `${resume}\n` }),
    'close 4501',
  ],
  ['a token with a part more', ({ session: { id, resume } }) => ({ session: id, resume: `${resume}.x` }), 'close 4501'],
  ['a token twice', ({ session: { id, resume } }) => ({ session: id, resume: resume + resume }), 'close 4501'],
  [
    'a token in capitals',
    ({ session: { id, resume } }) => ({ session: id, resume: resume.toUpperCase() }),
    'close 4501',
  ],
  ['the token of a user', ({ session, token }) => ({ session: session.id, resume: token }), 'close 4501'],
  [
    'the token of another session',
    ({ session, ended }) => ({ session: session.id, resume: ended.resume }),
    'close 4501',
  ],
  [
    'its token for another session',
    ({ session, ended }) => ({ session: ended.id, resume: session.resume }),
    'close 4501',
  ],
  [
    "another tenant's session",
    ({ session, foreign }) => ({ session: foreign.id, resume: session.resume }),
    'close 4501',
  ],
  ["another tenant's token", ({ session, foreign }) => ({ session: session.id, resume: foreign.resume }), 'close 4501'],
  ['a session that has ended', ({ ended: { id, resume } }) => ({ session: id, resume }), 'close 4010'],
  ['an attempt that was there', ({ session: { id, resume } }) => ({ session: id, resume, attempt: 1 }), 'close 4500'],
];

export const badPositions: readonly BadInput[] = [
  ...subscribes,
  ...hellos,
  ...resumes.map(([what, resume, hears]): BadInput => ({
    what: `a resume with ${what}`,
    at: 'upgraded',
    bytes: (scene) => json({ type: 'hello', attempt: 2, streams: {}, ...resume(scene) }),
    hears: [hears],
  })),
];
