import { CONTINUATION, fragments, frame, PING, TEXT, text } from './frame-bytes.js';
import { echo, noJson, numbered, saying, type FrameCase } from './frame-case.js';

/**
 * A number in so many bytes of the scheme that UTF-8 is a part of: also longer than need be, and also numbers that are
 * no code points.
 */
function encoded(number: number, bytes: number): Buffer {
  if (bytes === 1) return Buffer.from([number]);
  const tail = Array.from({ length: bytes - 1 }, (_, index) => {
    const shifted = Math.floor(number / 64 ** (bytes - 2 - index));
    return 0x80 | (shifted % 64);
  });
  const lead = ((0xff00 >> bytes) & 0xff) | Math.floor(number / 64 ** (bytes - 1));
  return Buffer.from([lead, ...tail]);
}
const join = (...buffers: readonly Buffer[]): Buffer => Buffer.concat(buffers);

type Sequence = Omit<FrameCase, 'id'>;
/** What is UTF-8 comes back; what isn't ends the connection, also at the end of a message. */
function sequence(bytes: Buffer): Sequence {
  const string = bytes.toString();
  const what = `bytes ${bytes.toString('hex')}`;
  if (!Buffer.from(string).equals(bytes)) return { what, steps: [text(bytes)], hears: ['close 1007'] };
  // JSON has no control characters in strings.
  if (bytes[0] === 0) return { what, steps: [text(saying(bytes))], hears: [noJson] };
  return { what, steps: [text(saying(bytes))], hears: [echo(string)] };
}

/** Characters of one, two, three and four bytes. */
const WORD = '\u044f\u6c34\ud834\udd1e\u00bf';
const word = Buffer.from(WORD);
const lastMissing = [2, 3, 4, 5, 6].map((bytes) => [encoded(0, bytes), encoded(largest(bytes), bytes)] as const);
const incomplete = [...lastMissing.map(([low]) => low), ...lastMissing.map(([, high]) => high)].map((bytes) =>
  bytes.subarray(0, -1),
);
const alternating = (count: number): Buffer =>
  Buffer.from(Array.from({ length: count }, (_, index) => (index % 2 === 0 ? 0x80 : 0xbf)));
const leads: readonly (readonly [number, number])[] = [
  [0xc0, 0xdf],
  [0xe0, 0xef],
  [0xf0, 0xf7],
  [0xf8, 0xfb],
  [0xfc, 0xfd],
];
const overlong = [2, 3, 4, 5, 6];
const surrogates = [0xd800, 0xdb7f, 0xdb80, 0xdbff, 0xdc00, 0xdf80, 0xdfff];
const [lowest, highest] = [0xdc00, 0xdfff];
const planes = Array.from({ length: 16 }, (_, index) => (index + 1) * 0x10000);

/** The largest number of so many bytes. */
function largest(bytes: number): number {
  return bytes === 1 ? 0x7f : 64 ** (bytes - 1) * 2 ** (7 - bytes) - 1;
}

const sequences: readonly (readonly Buffer[])[] = [
  // 6.5: UTF-8 of each length
  [...['price: $5', 'price: \u00a25', 'price: \u20ac5', 'price: \ud83e\ude995'].map((each) => Buffer.from(each)), word],
  // 6.6: every beginning of it
  Array.from({ length: word.length }, (_, index) => word.subarray(0, index + 1)),
  // 6.7 to 6.11: the first and the last of each length, and around what is no code point
  [encoded(0, 1), encoded(0x80, 2), encoded(0x800, 3), encoded(0x10000, 4)],
  [encoded(0x200000, 5), encoded(0x4000000, 6)],
  [encoded(0x7f, 1), encoded(0x7ff, 2), encoded(0xffff, 3), encoded(0x10ffff, 4)],
  [4, 5, 6].map((bytes) => encoded(largest(bytes), bytes)),
  [encoded(0xd7ff, 3), encoded(0xe000, 3), encoded(0xfffd, 3), encoded(0x10ffff, 4), encoded(0x110000, 4)],
  // 6.12 to 6.16: bytes where they can't be
  [
    ...[Buffer.from([0x80]), Buffer.from([0xbf])],
    ...[2, 3, 4, 5, 6].map(alternating),
    Buffer.from(Array.from({ length: 64 }, (_, index) => 0x80 + index)),
  ],
  leads.map(([from, to]) =>
    Buffer.from(Array.from({ length: to - from + 1 }, (_, index) => [from + index, 0x20]).flat()),
  ),
  incomplete,
  [join(...incomplete)],
  [Buffer.from([0xfe]), Buffer.from([0xff]), Buffer.from([0xfe, 0xfe, 0xff, 0xff])],
  // 6.17 to 6.19: longer than need be
  overlong.map((bytes) => encoded(0x2f, bytes)),
  overlong.map((bytes) => encoded(largest(bytes - 1), bytes)),
  overlong.map((bytes) => encoded(0, bytes)),
  // 6.20 and 6.21: halves of pairs, alone and together
  surrogates.map((half) => encoded(half, 3)),
  [0xd800, 0xdb7f, 0xdb80, 0xdbff].flatMap((high) =>
    [lowest, highest].map((low) => join(encoded(high, 3), encoded(low, 3))),
  ),
  // 6.22 and 6.23: unusual and allowed
  [
    ...[encoded(0xfffe, 3), encoded(0xffff, 3)],
    ...planes.flatMap((plane) => [encoded(plane + 0xfffe, 4), encoded(plane + 0xffff, 4)]),
  ],
  [0xfff9, 0xfffa, 0xfffb, 0xfffc, 0xfffd, 0xfffe, 0xffff].map((specials) => encoded(specials, 3)),
];

const long = saying(`${WORD} and ${WORD}`);
const before = word;
const surrogate = encoded(0xd800, 3);
const beyond = encoded(0x110000, 4);
const after = Buffer.from('the rest');
const broken = join(before, surrogate, after);
const part = (opcode: number, bytes: Buffer, fin: boolean): Buffer => frame(opcode, bytes, { fin });
const ask = (payload: string): Buffer => frame(PING, payload);

/** The service looks at a message once it is whole: a ping in between shows that it is still there. */
function late(bad: Buffer, rest: Buffer): readonly (Buffer | string)[] {
  return [
    ...[part(TEXT, before, false), ask('a'), 'pong a'],
    ...[part(CONTINUATION, bad, false), ask('b'), 'pong b'],
    part(CONTINUATION, rest, true),
  ];
}
/** One frame in three pieces. */
function slow(bad: Buffer, rest: Buffer): readonly Buffer[] {
  const bytes = text(join(before, bad, rest));
  const header = bytes.length - before.length - bad.length - rest.length;
  const [one, two] = [header + before.length, header + before.length + bad.length];
  return [bytes.subarray(0, one), bytes.subarray(one, two), bytes.subarray(two)];
}
const lateHears = ['pong a', 'pong b', 'close 1007'];

/** 6: text is UTF-8. */
export const utf8Cases: readonly FrameCase[] = [
  ...numbered('6.1', [
    { what: 'empty text', steps: [text('')], hears: [noJson] },
    {
      what: 'three empty fragments',
      steps: [part(TEXT, Buffer.alloc(0), false), part(CONTINUATION, Buffer.alloc(0), false), frame(CONTINUATION)],
      hears: [noJson],
    },
    {
      what: 'a fragment between two empty ones',
      steps: [part(TEXT, Buffer.alloc(0), false), part(CONTINUATION, saying('middle'), false), frame(CONTINUATION)],
      hears: [echo('middle')],
    },
  ]),
  ...numbered('6.2', [
    { what: 'characters of several bytes', steps: [text(long)], hears: [echo(`${WORD} and ${WORD}`)] },
    { what: 'two fragments', steps: fragments(TEXT, long, 20), hears: [echo(`${WORD} and ${WORD}`)] },
    { what: 'fragments of one byte', steps: fragments(TEXT, long, 1), hears: [echo(`${WORD} and ${WORD}`)] },
    { what: 'fragments of one byte, one word', steps: fragments(TEXT, saying(word), 1), hears: [echo(WORD)] },
  ]),
  ...numbered('6.3', [
    { what: 'half a pair in the middle', steps: [text(broken)], hears: ['close 1007'] },
    { what: 'half a pair in fragments of one byte', steps: fragments(TEXT, broken, 1), hears: ['close 1007'] },
  ]),
  ...numbered('6.4', [
    { what: 'no code point in the second fragment', steps: late(beyond, after), hears: lateHears },
    {
      what: 'the byte that breaks it as the second fragment',
      steps: late(beyond.subarray(0, 2), join(beyond.subarray(2), after)),
      hears: lateHears,
    },
    { what: 'one frame in three pieces', steps: slow(beyond, after), hears: ['close 1007'] },
    {
      what: 'one frame in three pieces, the byte that breaks it in the second',
      steps: slow(beyond.subarray(0, 2), join(beyond.subarray(2), after)),
      hears: ['close 1007'],
    },
  ]),
  ...sequences.flatMap((group, index) => numbered(`6.${index + 5}`, group.map(sequence))),
];

/** For the cases of closing. */
export const brokenReason: Buffer = broken;
