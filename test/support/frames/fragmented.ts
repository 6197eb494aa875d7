import { chopped, CONTINUATION, frame, PING, PONG, TEXT, text } from './frame-bytes.js';
import { echo, numbered, saying, type FrameCase } from './frame-case.js';

const whole = saying('in two pieces');
const first = frame(TEXT, whole.subarray(0, 14), { fin: false });
const last = frame(CONTINUATION, whole.subarray(14));
const more = (fin: boolean): Buffer => frame(CONTINUATION, 'nothing to go on from', { fin });
const ping = frame(PING, 'meanwhile');
const good = [echo('in two pieces')];
const asked = ['pong meanwhile', ...good];

const together = (...buffers: readonly Buffer[]): readonly Buffer[] => [Buffer.concat(buffers)];
const byteByByte = (...buffers: readonly Buffer[]): readonly Buffer[] => buffers.flatMap((each) => chopped(each, 1));

const unasked = (fin: boolean) => {
  const buffers = [more(fin), text(whole)];
  const what = `a continuation of nothing, ${fin ? 'its last' : 'not its last'}`;
  return [
    { what: `${what}, then text`, steps: together(...buffers), hears: ['close 1002'] },
    { what: `${what}, frame by frame`, steps: buffers, hears: ['close 1002'] },
    { what: `${what}, byte by byte`, steps: byteByByte(...buffers), hears: ['close 1002'] },
  ];
};

const five = saying('in five pieces that take their time');
const fifths = chopped(five, Math.ceil(five.length / 5)).map((part, index, all) =>
  frame(index === 0 ? TEXT : CONTINUATION, part, { fin: index === all.length - 1 }),
);
const [one, two, three, four, rest] = fifths as [Buffer, Buffer, Buffer, Buffer, Buffer];
const pings = [frame(PING, 'first'), frame(PING, 'second')] as const;
const pingsAndEcho = ['pong first', 'pong second', echo('in five pieces that take their time')];
/** Twice a continuation of nothing and a message in two pieces: the first frame ends it. */
const twice = (fin: boolean): readonly Buffer[] => together(more(fin), first, last, more(fin), first, last);

/** 5: messages in fragments. */
export const fragmented: readonly FrameCase[] = numbered('5', [
  {
    what: 'a ping in two fragments',
    steps: together(frame(PING, 'one', { fin: false }), frame(CONTINUATION, 'two')),
    hears: ['close 1002'],
  },
  {
    what: 'a pong in two fragments',
    steps: together(frame(PONG, 'one', { fin: false }), frame(CONTINUATION, 'two')),
    hears: ['close 1002'],
  },
  { what: 'text in two fragments', steps: together(first, last), hears: good },
  { what: 'text in two fragments, frame by frame', steps: [first, last], hears: good },
  { what: 'text in two fragments, byte by byte', steps: byteByByte(first, last), hears: good },
  { what: 'a ping between two fragments', steps: together(first, ping, last), hears: asked },
  { what: 'a ping between two fragments, frame by frame', steps: [first, ping, last], hears: asked },
  { what: 'a ping between two fragments, byte by byte', steps: byteByByte(first, ping, last), hears: asked },
  ...unasked(true),
  ...unasked(false),
  {
    what: 'a fragment after the last one',
    steps: together(first, last, more(false), text(whole)),
    hears: [...good, 'close 1002'],
  },
  { what: 'continuations of nothing before fragments, twice', steps: twice(false), hears: ['close 1002'] },
  { what: 'last continuations of nothing before fragments, twice', steps: twice(true), hears: ['close 1002'] },
  {
    what: 'two fragments that both begin a message',
    steps: together(first, frame(TEXT, whole.subarray(14))),
    hears: ['close 1002'],
  },
  {
    what: 'five fragments with two pings, answered at once',
    steps: [Buffer.concat([one, two, pings[0]]), 'pong first', Buffer.concat([three, four, pings[1], rest])],
    hears: pingsAndEcho,
  },
  {
    what: 'five fragments with two pings, answered at once, frame by frame',
    steps: [one, two, pings[0], 'pong first', three, four, pings[1], rest],
    hears: pingsAndEcho,
  },
]);
