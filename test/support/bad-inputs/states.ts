import { json } from '../frames/frame-bytes.js';
import { frames, type BadInput } from './bad-input.js';

const stream = 'channel:states';
const every: Readonly<Record<string, object>> = {
  hello: { type: 'hello', attempt: 1, token: 'a.b.c' },
  publish: { type: 'publish', stream, seq: 1, after: 0, data: 1 },
  subscribe: { type: 'subscribe', stream },
  unsubscribe: { type: 'unsubscribe', stream },
  presence: { type: 'presence', channel: 'states', on: true },
  token: { type: 'token', token: 'a.b.c' },
  pong: { type: 'pong' },
  bye: { type: 'bye' },
  nonsense: { type: 'nonsense' },
};
const rows = (at: Parameters<typeof frames>[0], names: readonly string[], ...hears: readonly string[]) =>
  frames(
    at,
    names.map((name) => [`${name} while ${at}`, every[name], ...hears] as const),
  );
const all = Object.keys(every);
const but = (...names: readonly string[]): readonly string[] => all.filter((name) => !names.includes(name));

/** Every type of frame in every state that doesn't take it. */
export const badStates: readonly BadInput[] = [
  ...rows('upgraded', but('hello'), 'close 1002'),
  ...rows('claiming', but('pong', 'bye'), 'close 1002'),
  ...rows('claiming', ['pong'], 'welcome'),
  ...rows('claiming', ['bye'], 'close 1000'),
  ...rows('open', ['hello'], 'close 1002'),
  ...rows('leaving', but('bye'), 'close 4500'),
  ...rows('closing', all, 'close 1000'),
  {
    what: 'two subscribes to one stream at once',
    at: 'open',
    bytes: () => Buffer.concat([json(every['subscribe']), json(every['subscribe'])]),
    hears: ['close 1002'],
  },
];
