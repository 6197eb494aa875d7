import { BINARY, closing, chopped, CONTINUATION, fragments, frame, PING, TEXT, text } from './frame-bytes.js';
import {
  binary,
  echo,
  echoBytes,
  noJson,
  numbered,
  saying,
  sayingBytes,
  type FrameCase,
  type Step,
} from './frame-case.js';
import { brokenReason } from './utf8-cases.js';

const KIB = 1_024;
const MIB = 1_048_576;
const hello = saying('before the end');

/** 7: closing. Whoever hears a close answers with the same code, and takes nothing more. */
const closes: readonly FrameCase[] = [
  ...numbered('7.1', [
    { what: 'text, then a close', steps: [text(hello), closing(1000)], hears: [echo('before the end'), 'close 1000'] },
    { what: 'two closes', steps: [closing(1000), closing()], hears: ['close 1000'] },
    { what: 'a ping after a close', steps: [Buffer.concat([closing(1000), frame(PING)])], hears: ['close 1000'] },
    { what: 'text after a close', steps: [Buffer.concat([closing(1000), text(hello)])], hears: ['close 1000'] },
    {
      what: 'a close between two fragments',
      steps: [Buffer.concat([frame(TEXT, 'a', { fin: false }), closing(1000), frame(CONTINUATION, 'b')])],
      hears: ['close 1000'],
    },
    {
      what: 'text of 256 KiB, text, a close, a ping',
      steps: [text(binary(256 * KIB)), text(hello), closing(1000), frame(PING)],
      hears: ['close 1009'],
    },
  ]),
  ...numbered('7.3', [
    { what: 'without a code', steps: [closing()], hears: ['close'] },
    { what: 'with half a code', steps: [closing(undefined, 'a')], hears: ['close 1002'] },
    { what: 'with a code', steps: [closing(1000)], hears: ['close 1000'] },
    { what: 'with a reason', steps: [closing(1000, 'that is all')], hears: ['close 1000'] },
    { what: 'with a reason of 123 bytes', steps: [closing(1000, '-'.repeat(123))], hears: ['close 1000'] },
    { what: 'with a reason of 124 bytes', steps: [closing(1000, '-'.repeat(124))], hears: ['close 1002'] },
  ]),
  ...numbered('7.5', [
    {
      what: 'with a reason that is not UTF-8',
      steps: [closing(1000, brokenReason)],
      hears: ['close 1007'],
    },
  ]),
  ...numbered(
    '7.7',
    [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999].map((code) => ({
      what: `with ${code}`,
      steps: [closing(code)],
      hears: [`close ${code}`],
    })),
  ),
  ...numbered(
    '7.9',
    [0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999].map((code) => ({
      what: `with ${code}, which no frame may have`,
      steps: [closing(code)],
      hears: ['close 1002'],
    })),
  ),
  ...numbered(
    '7.13',
    [5000, 65_535].map((code) => ({ what: `with ${code}`, steps: [closing(code)], hears: ['close 1002'] })),
  ),
].map((each) => ({ ...each, closes: true }));

const sizes = [64 * KIB, 256 * KIB, MIB, 4 * MIB, 8 * MIB, 16 * MIB];
const pieces = [64, 256, KIB, 4 * KIB, 16 * KIB, 64 * KIB, 256 * KIB, MIB, 4 * MIB];
const chops = [64, 128, 256, 512, KIB, 2 * KIB];
const counted = [0, 16, 64, 256, KIB, 4 * KIB];
const COUNT = 1_000;
/** More than 64 KiB, or more than 64 fragments, whichever comes first. */
const tooMuch = (size: number): readonly string[] => [size < KIB ? 'close 1008' : 'close 1009'];

/** Pieces of 64 KiB that all cases share; nobody reads what is in them. */
function lazily(opcode: number, size: number): readonly Buffer[] {
  const header = frame(opcode, '', { claims: BigInt(size) });
  return [header, ...Array.from({ length: size / (64 * KIB) }, () => zeros)];
}
const zeros = Buffer.alloc(64 * KIB);
const inFragments = (opcode: number, size: number): readonly Buffer[] =>
  size <= 64 * KIB
    ? fragments(opcode, quarter, size)
    : [frame(opcode, '', { fin: false, claims: BigInt(size) }), ...Array.from({ length: 64 }, () => zeros)];
/** More than enough: nobody reads so far. */
const quarter = Buffer.alloc(256 * KIB, '-');

function many(payload: Buffer, opcode: number): readonly Step[] {
  const each = frame(opcode, payload);
  return Array.from({ length: 10 }, () => Buffer.concat(Array<Buffer>(COUNT / 10).fill(each)));
}

/** 9: sizes and numbers. */
const limits: readonly FrameCase[] = [
  ...numbered(
    '9.1',
    sizes.map((size) => ({
      what: `text of ${size} bytes`,
      steps: size === 64 * KIB ? [text(sayingBytes(size))] : lazily(TEXT, size),
      hears: [size === 64 * KIB ? echoBytes(size) : 'close 1009'],
    })),
  ),
  ...numbered(
    '9.2',
    sizes.map((size) => ({
      what: `a binary message of ${size} bytes`,
      steps: lazily(BINARY, size),
      hears: [size === 64 * KIB ? 'close 1003' : 'close 1009'],
    })),
  ),
  ...[TEXT, BINARY].flatMap((opcode, index) =>
    numbered(
      `9.${index + 3}`,
      pieces.map((size) => ({
        what: `4 MiB ${opcode === TEXT ? 'of text' : 'binary'} in fragments of ${size}`,
        steps: inFragments(opcode, size),
        hears: tooMuch(size),
      })),
    ),
  ),
  ...[TEXT, BINARY].flatMap((opcode, index) =>
    numbered(
      `9.${index + 5}`,
      chops.map((size) => ({
        what: `1 MiB ${opcode === TEXT ? 'of text' : 'binary'} in pieces of ${size}`,
        steps: lazily(opcode, MIB).flatMap((piece) => chopped(piece, size)),
        hears: ['close 1009'],
      })),
    ),
  ),
  ...numbered(
    '9.7',
    counted.map((size) => ({
      what: `${COUNT} texts of ${size} bytes`,
      steps: many(size === 0 ? Buffer.alloc(0) : sayingBytes(size), TEXT),
      hears: Array<string>(COUNT).fill(size === 0 ? noJson : echoBytes(size)),
    })),
  ),
  ...numbered(
    '9.8',
    counted.map((size) => ({
      what: `${COUNT} binary messages of ${size} bytes`,
      steps: many(binary(size), BINARY),
      hears: ['close 1003'],
    })),
  ),
];

/** 10: one message of 64 KiB in 51 fragments. */
const automatic: readonly FrameCase[] = numbered('10.1', [
  {
    what: 'text of 64 KiB in fragments of 1,300',
    steps: fragments(TEXT, sayingBytes(64 * KIB), 1_300),
    hears: [echoBytes(64 * KIB)],
  },
]);

export const closesAndLimits: readonly FrameCase[] = [...closes, ...limits, ...automatic];
