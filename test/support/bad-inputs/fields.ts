import { frames, type BadInput, type Stage } from './bad-input.js';

const TOO_LARGE = 2 ** 53;
/** Nothing that counts. */
const noNumbers: readonly unknown[] = [undefined, null, '1', true, [], {}, -1, 1.5, TOO_LARGE, -TOO_LARGE, '', [1]];
const noIds: readonly unknown[] = [
  null,
  7,
  true,
  [],
  {},
  '',
  'x'.repeat(33),
  'a/b',
  'a b',
  'a:b',
  '\u00e4',
  'a}',
  'a*',
];
const noStreams: readonly unknown[] = [
  ...[undefined, null, 7, true, [], {}, ['user'], '', 'users', 'USER', ' user', 'user ', 'channel', 'channel:'],
  ...['Channel:a', 'channel/a', 'user:', 'session:', '*', 'channel:a\n'],
];
const noStrings: readonly unknown[] = [null, 7, true, [], {}, ''];

type Fields = Readonly<Record<string, unknown>>;

const said = (value: unknown): string => (value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 24));

/** A good frame with one field that isn't. */
function each(at: Stage, good: Fields, field: string, values: readonly unknown[], hears: string): readonly BadInput[] {
  return frames(
    at,
    values.map((value) => [
      `${String(good['type'])} whose ${field} is ${said(value)}`,
      { ...good, [field]: value },
      hears,
    ]),
  );
}

const hello = { type: 'hello', attempt: 1, token: 'never looked at', streams: {}, can: [], hops: 0 };
const resuming = { ...hello, attempt: 2, session: 'session', resume: 'resume' };
const close = 'close 1002';
const positions: readonly unknown[] = [
  ...[7, true, 'end', [], {}, { offset: 1 }, { id: 'a' }, { offset: -1, id: 'a' }, { offset: 1.5, id: 'a' }],
  ...[
    { offset: '1', id: 'a' },
    { offset: null, id: 'a' },
    { offset: TOO_LARGE, id: 'a' },
    { offset: 1, id: '' },
  ],
  ...[
    { offset: 1, id: null },
    { offset: 1, id: 7 },
    { offset: 1, id: 'x'.repeat(33) },
    { offset: 1, id: 'a/b' },
  ],
];
const manyStreams = Object.fromEntries(Array.from({ length: 129 }, (_, index) => [`channel:${index}`, null]));

const badHello: readonly BadInput[] = [
  ...each('upgraded', hello, 'attempt', [...noNumbers, 0, 2], close),
  ...each('upgraded', hello, 'token', [...noStrings, 'x'.repeat(16_385)], close),
  ...each('upgraded', resuming, 'session', noIds, close),
  ...each('upgraded', resuming, 'resume', [undefined, ...noStrings, 'x'.repeat(1_025)], close),
  ...each('upgraded', hello, 'publisher', noIds, close),
  ...each('upgraded', hello, 'can', ['overlap', 7, true, {}, [7], [null], [['overlap']], Array(17).fill('a')], close),
  ...each('upgraded', hello, 'hops', noNumbers.slice(1), close),
  ...each('upgraded', hello, 'streams', [7, true, 'user', [], ['user'], manyStreams], close),
  ...each(
    'upgraded',
    hello,
    'streams',
    [...noStreams.slice(7).map((stream) => ({ [String(stream)]: null })), { __proto__x: null }],
    close,
  ),
  ...each(
    'upgraded',
    hello,
    'streams',
    positions.map((position) => ({ user: position })),
    close,
  ),
];

const publish = { type: 'publish', stream: 'channel:fields', seq: 3, after: 2, data: 0 };
const stream = 'channel:fields';
const badStream = 'error bad-stream';
const badFrame = 'error bad-frame';

const badPublish: readonly BadInput[] = [
  ...each('open', publish, 'stream', noStreams, badStream),
  ...each('open', publish, 'seq', [...noNumbers, 0], badFrame),
  ...each('open', publish, 'after', [...noNumbers, 3, 4], `${badFrame} ${stream} 3`),
  ...frames('open', [
    ['a publish whose rest is out of bounds', { ...publish, more: 2 ** 60 }, `${badFrame} ${stream} 3`],
    ['a publish that leaves a gap', publish, `gap ${stream} 3`],
    ['a mark that leaves a gap', { ...publish, data: undefined }, `gap ${stream} 3`],
    ['a publish to everybody', { ...publish, stream: 'tenant', seq: 1, after: 0 }, 'refused forbidden tenant 1'],
    ['a publish with the largest number', { ...publish, seq: TOO_LARGE - 1 }, `gap ${stream} ${TOO_LARGE - 1}`],
  ]),
];

const presence = { type: 'presence', channel: 'fields', on: true };
const others: readonly BadInput[] = [
  ...each('open', { type: 'subscribe' }, 'stream', noStreams, badStream),
  ...each('open', { type: 'subscribe', stream }, 'position', positions, `${badFrame} ${stream}`),
  ...each('open', { type: 'unsubscribe' }, 'stream', noStreams, badStream),
  ...each(
    'open',
    presence,
    'channel',
    [undefined, null, 7, true, [], {}, '', 'a b', 'channel:a', '*', 'a//b'],
    badFrame,
  ),
  ...each('open', presence, 'on', [undefined, null, 0, 1, 'true', '', [], {}], badFrame),
  ...each('open', { type: 'token' }, 'token', [undefined, ...noStrings, 'x'.repeat(16_385)], badFrame),
  ...frames('open', [
    ['an unsubscribe of what was never subscribed', { type: 'unsubscribe', stream }, `unsubscribed ${stream}`],
    ['presence ended where it never was', { ...presence, on: false }],
    ['a subscribe to what nobody granted', { type: 'subscribe', stream: 'user:bob' }, 'error forbidden user:bob'],
    ['a pong that says more', { type: 'pong', stream: 7, seq: 'x', token: null }],
    ['a bye that says more', { type: 'bye', reason: 'enough' }, 'close 1000'],
  ]),
];

export const badFields: readonly BadInput[] = [...badHello, ...badPublish, ...others];
