import { describe, expect, it } from '@jest/globals';
import { brokenBound, FrameError, parseClientFrame } from '../../src/protocol/codec.js';

const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
const keys = (count: number): string => `{${Array.from({ length: count }, (_, index) => `"k${index}":1`).join(',')}}`;
const publish = (data: string): string => `{"type":"publish","stream":"channel:a","seq":1,"after":0,"data":${data}}`;

const bad: readonly (readonly [what: string, text: string, code: string])[] = [
  ['no JSON', '{', 'bad-frame'],
  ['an array', '[]', 'bad-frame'],
  ['null', 'null', 'bad-frame'],
  ['a number that is no JSON', '{"type":NaN}', 'bad-frame'],
  ['no type', '{}', 'unknown-type'],
  ['a type that objects inherit', '{"type":"constructor"}', 'unknown-type'],
  ['a type of the server', '{"type":"welcome"}', 'unknown-type'],
  ['presence without a channel', '{"type":"presence","on":true}', 'bad-frame'],
  ['presence of what is no channel', '{"type":"presence","channel":"a b","on":true}', 'bad-frame'],
  ['presence that is neither on nor off', '{"type":"presence","channel":"a","on":1}', 'bad-frame'],
  ['hello without attempt', '{"type":"hello"}', 'bad-frame'],
  ['a first hello with attempt 2', '{"type":"hello","attempt":2,"token":"t"}', 'bad-frame'],
  ['attempt 0', '{"type":"hello","attempt":0}', 'bad-frame'],
  ['attempt 2^53', '{"type":"hello","attempt":9007199254740992}', 'bad-frame'],
  ['attempt 1e400', '{"type":"hello","attempt":1e400}', 'bad-frame'],
  ['a session without resume token', '{"type":"hello","attempt":2,"session":"s"}', 'bad-frame'],
  ['a session with a brace', '{"type":"hello","attempt":2,"session":"s}","resume":"r"}', 'bad-frame'],
  ['a publisher of 33 characters', `{"type":"hello","attempt":1,"publisher":"${'p'.repeat(33)}"}`, 'bad-frame'],
  ['streams as an array', '{"type":"hello","attempt":1,"streams":[]}', 'bad-frame'],
  ['a stream that is none', '{"type":"hello","attempt":1,"streams":{"room":null}}', 'bad-stream'],
  ['a position without id', '{"type":"hello","attempt":1,"streams":{"user":{"offset":1}}}', 'bad-frame'],
  ['a negative offset', '{"type":"subscribe","stream":"user","position":{"offset":-1,"id":"a"}}', 'bad-frame'],
  ['a fractional offset', '{"type":"subscribe","stream":"user","position":{"offset":1.5,"id":"a"}}', 'bad-frame'],
  ['an offset as text', '{"type":"subscribe","stream":"user","position":{"offset":"1","id":"a"}}', 'bad-frame'],
  ['publish without seq', '{"type":"publish","stream":"channel:a","after":0,"data":1}', 'bad-frame'],
  ['publish with after = seq', '{"type":"publish","stream":"channel:a","seq":1,"after":1,"data":1}', 'bad-frame'],
  ['a frame that nests 20,000 deep', `{"type":"pong","more":${nested(20_000)}}`, 'bad-frame'],
  ['1,200 keys', `{"type":"pong","more":${keys(1_200)}}`, 'bad-frame'],
  ['an empty token', '{"type":"token","token":""}', 'bad-frame'],
];
const badChannels = [
  '',
  '.',
  '..',
  'a//b',
  'a/../b',
  'a b',
  'a{b}',
  'a*',
  'a?',
  'a[b]',
  'a\u0000b',
  'a\r\nb',
  'ä',
  '/a',
  'x'.repeat(129),
];

describe('a bad frame', () => {
  it.each(bad)('%s is refused', (_what, text, code) => {
    expect(codeOf(text)).toBe(code);
  });

  it.each(badChannels)('channel name %j is refused', (name) => {
    expect(codeOf(JSON.stringify({ type: 'subscribe', stream: `channel:${name}` }))).toBe('bad-stream');
  });

  it('names stream and seq as far as they could be read', () => {
    const error = caught('{"type":"publish","stream":"channel:a","seq":3,"after":7}');
    expect(error.about).toEqual({ stream: 'channel:a', seq: 3 });
  });
});

describe('the data of a message', () => {
  it('has 1,000 keys at most and is 32 deep at most, whatever the frame around it has', () => {
    const broken = [
      keys(1_000),
      nested(32),
      keys(1_001),
      nested(33),
      nested(20_000),
      `[${keys(500)},${keys(501)}]`,
    ].map((text) => brokenBound(JSON.parse(text)));
    const [manyKeys, deep] = ['JSON has more than 1000 keys', 'JSON nests deeper than 32'];
    expect(broken).toEqual([null, null, manyKeys, deep, deep, manyKeys]);
  });

  it.each([
    ['1e400', 'too large'],
    ['[1,{"a":-1e400}]', 'too large'],
    ['9007199254740993', 'beyond 2^53'],
    ['{"id":[-9007199254740992]}', 'beyond 2^53'],
    ['100000000000000000000000', 'beyond 2^53'],
  ])('has no number that would be kept as another: %s', (text, why) => {
    expect(brokenBound(JSON.parse(text))).toContain(why);
  });

  it.each(['9007199254740991', '-9007199254740991', '0', '-1.5', '1e-9', '4503599627370495.5'])(
    'may have the number %s',
    (text) => {
      expect(brokenBound(JSON.parse(text))).toBeNull();
      expect(brokenBound(JSON.parse(`[{"n":${text}}]`))).toBeNull();
    },
  );

  it.each([keys(5_000), nested(20_000)])('is left to whoever can refuse it for good', (data) => {
    expect(parseClientFrame(publish(data))).toMatchObject({ stream: 'channel:a', seq: 1 });
  });

  it('does not excuse the rest of its frame, which is refused with its stream and seq', () => {
    const error = caught(publish(`1,"more":${nested(40)}`));
    expect(error).toMatchObject({ code: 'bad-frame', about: { stream: 'channel:a', seq: 1 } });
  });
});

describe('a good frame', () => {
  it('keeps its data and loses unknown fields', () => {
    expect(parseClientFrame(publish('{"a":[1,"x",null]},"unknown":1'))).toEqual({
      type: 'publish',
      stream: 'channel:a',
      seq: 1,
      after: 0,
      data: { a: [1, 'x', null] },
    });
    expect(parseClientFrame('{"type":"pong","more":1}')).toEqual({ type: 'pong' });
  });

  it('tells a mark from a message whose data is null', () => {
    expect(parseClientFrame('{"type":"publish","stream":"user","seq":2,"after":1}')).not.toHaveProperty('data');
    expect(parseClientFrame(publish('null'))).toHaveProperty('data', null);
  });

  it('does not let __proto__ in streams change anything', () => {
    expect(codeOf('{"type":"hello","attempt":1,"streams":{"__proto__":{"offset":1,"id":"a"}}}')).toBe('bad-stream');
  });
});

function codeOf(text: string): string {
  return caught(text).code;
}

function caught(text: string): FrameError {
  try {
    parseClientFrame(text);
  } catch (error) {
    if (error instanceof FrameError) return error;
    throw error;
  }
  throw new Error(`accepted: ${text.slice(0, 80)}`);
}
