import { frame, TEXT, text } from '../frames/frame-bytes.js';
import { texts, type BadInput } from './bad-input.js';

const nested = (depth: number, open = '[', close = ']'): string => open.repeat(depth) + close.repeat(depth);
const keys = (count: number): string =>
  `{${Array.from({ length: count }, (_, index) => `"k${index}":${index}`).join(',')}}`;
const nulls = (count: number): string => `[${Array<string>(count).fill('null').join(',')}]`;

/** No JSON, or none of an object. */
const malformed: readonly (readonly [string, string])[] = [
  ['nothing', ''],
  ['a space', ' '],
  ['half an object', '{'],
  ['an object that is closed twice', '{"type":"pong"}}'],
  ['two objects', '{"type":"pong"}{"type":"pong"}'],
  ['two lines', '{"type":"pong"}\n{"type":"pong"}'],
  ['an array of a frame', '[{"type":"pong"}]'],
  ['null', 'null'],
  ['true', 'true'],
  ['a number', '42'],
  ['a string', '"pong"'],
  ['a word', 'pong'],
  ['a comment', '/* */{"type":"pong"}'],
  ['a comma at the end', '{"type":"pong",}'],
  ['single quotes', "{'type':'pong'}"],
  ['a key without quotes', '{type:"pong"}'],
  ['NaN', '{"type":"pong","n":NaN}'],
  ['Infinity', '{"type":"pong","n":-Infinity}'],
  ['a number with a leading zero', '{"type":"pong","n":01}'],
  ['a hexadecimal number', '{"type":"pong","n":0x10}'],
  ['a number with a plus', '{"type":"pong","n":+1}'],
  ['a number without digits behind the point', '{"type":"pong","n":1.}'],
  ['a byte order mark', '\ufeff{"type":"pong"}'],
  ['a NUL', '\u0000{"type":"pong"}'],
  ['a line break in a string', '{"type":"po\nng"}'],
  ['a NUL in a string', '{"type":"po\u0000ng"}'],
  ['an escape that is none', '{"type":"\\x70ong"}'],
  ['half an escape', '{"type":"\\u00"}'],
  ['an array that nests 10,000 deep and is never closed', '['.repeat(10_000)],
  ['arrays that nest 10,000 deep', nested(10_000)],
  ['XML', '<frame type="pong"/>'],
  ['a request', 'GET / HTTP/1.1\r\n\r\n'],
];

/** JSON that is within a frame's size and beyond another bound, or looks so. */
const unusual: readonly (readonly [string, string, ...string[]])[] = [
  ['objects that nest 10,000 deep', `{"type":"pong","a":${nested(5_000, '{"a":[', ']}')}}`, 'error bad-frame'],
  ['arrays that nest 33 deep with the frame', `{"type":"pong","a":${nested(32)}}`, 'error bad-frame'],
  ['1,001 keys', `{"type":"pong",${keys(1_000).slice(1)}`, 'error bad-frame'],
  ['1,001 keys in two objects', `{"type":"pong","a":${keys(500)},"b":${keys(500)}}`, 'error bad-frame'],
  ['a number that is no double', '{"type":"pong","n":1e400}', 'error bad-frame'],
  ['one below all doubles', '{"type":"pong","n":-1e400}', 'error bad-frame'],
  ['a whole number beyond 2^53', '{"type":"pong","n":9007199254740993}', 'error bad-frame'],
  ['the type twice, the last one unknown', '{"type":"pong","type":"gong"}', 'error unknown-type'],
  ['the type as a prototype', '{"__proto__":{"type":"pong"}}', 'error unknown-type'],
  ['the type in a constructor', '{"constructor":{"prototype":{"type":"pong"}}}', 'error unknown-type'],
  ['the type in capitals', '{"TYPE":"pong"}', 'error unknown-type'],
  ['the type twice, the last one known', '{"type":"gong","type":"pong"}'],
  ['a prototype beside the type', '{"type":"pong","__proto__":{"toString":1}}'],
  ['lone surrogates', '{"type":"pong","\\ud800":"\\udfff"}'],
  ['13,000 nulls', `{"type":"pong","a":${nulls(13_000)}}`],
  ['a key of 60 kB', `{"type":"pong","${'k'.repeat(60_000)}":1}`],
  ['an empty key', '{"type":"pong","":1}'],
  ['an escaped type', '{"\\u0074ype":"\\u0070ong"}'],
  ['a small number that is no double', '{"type":"pong","n":1e-400}'],
  ['whitespace all around', '\r\n\t {\n"type"\t:\r"pong" } \n'],
];

const unknown: readonly unknown[] = [
  ...['constructor', '__proto__', 'toString', 'hasOwnProperty', 'welcome', 'ack', 'message', 'error', 'unreadable'],
  ...['HELLO', 'Publish', 'publish ', ' publish', 'publish\n', 'pub\u0000lish', 'p\u00fcblish', '\u0440ong', ''],
  ...[null, 0, 1.5, true, false, [], ['pong'], {}, { type: 'pong' }],
  ...['x'.repeat(60_000), '\u65e5'.repeat(60), '${7*7}', '"', '\ud800'],
];
const unknownTypes = unknown.map(
  (type) => [`the type ${JSON.stringify(type).slice(0, 30)}`, JSON.stringify({ type }), 'error unknown-type'] as const,
);

const publish = (data: string): string => `{"type":"publish","stream":"channel:json","seq":1,"after":0,"data":${data}}`;
const refused = 'refused bad-frame channel:json 1';
const ack = 'ack channel:json 1';
/** The data of a message: refused for good, or kept as it is. */
const data: readonly (readonly [string, string, ...string[]])[] = [
  ['data that nests 10,000 deep', publish(nested(10_000)), refused],
  ['data that nests 33 deep', publish(nested(33)), refused],
  ['data that nests 32 deep', publish(nested(32)), ack],
  ['data of 1,001 keys', publish(keys(1_001)), refused],
  ['data of 1,000 keys', publish(keys(1_000)), ack],
  ['data that is no double', publish('[1e400]'), refused],
  ['data beyond 2^53', publish('{"n":-9007199254740993}'), refused],
  ['data of 65,025 bytes', publish(`"${'d'.repeat(65_023)}"`), 'refused too-big channel:json 1'],
  ['data of 65,024 bytes', publish(`"${'d'.repeat(65_022)}"`), ack],
  ['data that is too big only as it is kept', publish(`"${'\\ud800'.repeat(10_800)}"`), ack],
  ['data with a key twice', publish('{"a":1,"a":2}'), ack],
  ['data with a prototype', publish('{"__proto__":{"a":1},"constructor":null}'), ack],
  ['data with lone surrogates', publish('"\\ud800\\ud800\\udc00"'), ack],
  ['data of 13,000 nulls', publish(nulls(13_000 - 100)), ack],
  ['data with a key of 60 kB', publish(`{"${'k'.repeat(60_000)}":0}`), ack],
  ['data with line separators', publish('"\u2028\u2029\\u0000"'), ack],
  ['data twice', publish('1,"data":2'), ack],
];

/** Before the first frame nobody is asked what was meant. */
const first = [...malformed, ...unusual.slice(0, 11), ...unknownTypes.slice(0, 12)].map(
  ([what, each]) => [`${what}, as the first frame`, each, 'close 1002'] as const,
);

export const badJson: readonly BadInput[] = [
  ...texts(
    'open',
    malformed.map(([what, each]) => [what, each, 'error bad-frame'] as const),
  ),
  ...texts('open', unusual),
  ...texts('open', unknownTypes),
  ...texts('open', data),
  ...texts('upgraded', first),
  {
    what: 'a frame that says it is 2^62 bytes long',
    at: 'open',
    bytes: () => frame(TEXT, 'x', { claims: 2n ** 62n }),
    hears: ['close 1009'],
  },
  {
    what: 'a frame that nobody masked',
    at: 'open',
    bytes: () => frame(TEXT, '{"type":"pong"}', { masked: false }),
    hears: ['close 1002'],
  },
  {
    what: 'text that is no UTF-8',
    at: 'open',
    bytes: () => text(Buffer.from([0x22, 0xff, 0x22])),
    hears: ['close 1007'],
  },
];
