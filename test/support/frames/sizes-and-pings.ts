import { BINARY, chopped, CLOSE, frame, PING, PONG, TEXT, text } from './frame-bytes.js';
import { binary, echo, echoBytes, noJson, numbered, saying, sayingBytes, type FrameCase } from './frame-case.js';

const KIB_64 = 65_536;
const around = [125, 126, 127, 128, 65_535, KIB_64];

/** 1: text and binary messages of the sizes at which a header changes its form. */
const sizes: readonly FrameCase[] = [
  ...numbered('1.1', [
    { what: 'empty text', steps: [text('')], hears: [noJson] },
    ...around.map((length) => ({
      what: `text of ${length} bytes`,
      steps: [text(sayingBytes(length))],
      hears: [echoBytes(length)],
    })),
    {
      what: `text of ${KIB_64} bytes in pieces of 997`,
      steps: chopped(text(sayingBytes(KIB_64)), 997),
      hears: [echoBytes(KIB_64)],
    },
  ]),
  ...numbered('1.2', [
    { what: 'an empty binary message', steps: [frame(BINARY)], hears: ['close 1003'] },
    ...around.map((length) => ({
      what: `a binary message of ${length} bytes`,
      steps: [frame(BINARY, binary(length))],
      hears: ['close 1003'],
    })),
    {
      what: `a binary message of ${KIB_64} bytes in pieces of 997`,
      steps: chopped(frame(BINARY, binary(KIB_64)), 997),
      hears: ['close 1003'],
    },
  ]),
];

const ten = Array.from({ length: 10 }, (_, index) => `number ${index}`);
const pingsOf = (payloads: readonly string[]): readonly Buffer[] => payloads.map((each) => frame(PING, each));
const pongsTo = (payloads: readonly string[]): readonly string[] => payloads.map((each) => `pong ${each}`);

/** 2: pings are answered with what they bring, pongs by nothing. */
const pings: readonly FrameCase[] = numbered('2', [
  { what: 'a ping without payload', steps: [frame(PING)], hears: ['pong '] },
  { what: 'a ping with text', steps: pingsOf(['are you there?']), hears: pongsTo(['are you there?']) },
  {
    what: 'a ping with what is no text',
    steps: [frame(PING, binary(8))],
    hears: [`pong ${binary(8).toString('latin1')}`],
  },
  {
    what: 'a ping of 125 bytes',
    steps: [frame(PING, binary(125))],
    hears: [`pong ${binary(125).toString('latin1')}`],
  },
  { what: 'a ping of 126 bytes', steps: [frame(PING, binary(126))], hears: ['close 1002'] },
  {
    what: 'a ping of 125 bytes, byte by byte',
    steps: chopped(frame(PING, binary(125)), 1),
    hears: [`pong ${binary(125).toString('latin1')}`],
  },
  { what: 'a pong nobody asked for', steps: [frame(PONG)], hears: [] },
  { what: 'a pong nobody asked for, with payload', steps: [frame(PONG, 'unasked')], hears: [] },
  {
    what: 'a pong nobody asked for, then a ping',
    steps: [frame(PONG, 'unasked'), ...pingsOf(['asked'])],
    hears: pongsTo(['asked']),
  },
  { what: 'ten pings', steps: pingsOf(ten), hears: pongsTo(ten) },
  {
    what: 'ten pings, byte by byte',
    steps: pingsOf(ten).flatMap((each) => chopped(each, 1)),
    hears: pongsTo(ten),
  },
]);

const hello = saying('hello?');
const heardFirst = [echo('hello?'), 'close 1002'];
/** A good message, a bad frame, and a ping that is never answered. */
const between = (bad: Buffer): readonly Buffer[] => [text(hello), bad, frame(PING)];
const together = (buffers: readonly Buffer[]): readonly Buffer[] => [Buffer.concat(buffers)];
const byteByByte = (buffers: readonly Buffer[]): readonly Buffer[] => buffers.flatMap((each) => chopped(each, 1));

/** 3: reserved bits. */
const reservedBits: readonly FrameCase[] = numbered(
  '3',
  [
    { what: 'RSV 1', steps: [frame(TEXT, hello, { rsv: 1 })], hears: ['close 1002'] },
    { what: 'RSV 2 after a good one', steps: together(between(frame(TEXT, hello, { rsv: 2 }))), hears: heardFirst },
    { what: 'RSV 3, frame by frame', steps: between(frame(TEXT, hello, { rsv: 3 })), hears: heardFirst },
    { what: 'RSV 4, byte by byte', steps: byteByByte(between(frame(TEXT, hello, { rsv: 4 }))), hears: heardFirst },
    { what: 'RSV 5 in a binary message', steps: [frame(BINARY, binary(8), { rsv: 5 })], hears: ['close 1002'] },
    { what: 'RSV 6 in a ping', steps: [frame(PING, 'there?', { rsv: 6 })], hears: ['close 1002'] },
    { what: 'RSV 7 in a close', steps: [frame(CLOSE, '', { rsv: 7 })], hears: ['close 1002'] },
  ],
  1,
);

function reservedOpcodes(group: string, [a, b, c, d, e]: readonly [number, number, number, number, number]) {
  const name = (opcode: number): string => `opcode ${opcode}`;
  return numbered(group, [
    { what: name(a), steps: [frame(a)], hears: ['close 1002'] },
    { what: `${name(b)} with payload`, steps: [frame(b, 'what is this')], hears: ['close 1002'] },
    { what: `${name(c)} after a good one`, steps: together(between(frame(c))), hears: heardFirst },
    { what: `${name(d)} with payload`, steps: together(between(frame(d, 'what is this'))), hears: heardFirst },
    { what: `${name(e)}, byte by byte`, steps: byteByByte(between(frame(e, 'what is this'))), hears: heardFirst },
  ]);
}

/** 4: opcodes that nobody has defined. */
const opcodes: readonly FrameCase[] = [
  ...reservedOpcodes('4.1', [3, 4, 5, 6, 7]),
  ...reservedOpcodes('4.2', [11, 12, 13, 14, 15]),
];

export const sizesAndPings: readonly FrameCase[] = [...sizes, ...pings, ...reservedBits, ...opcodes];
