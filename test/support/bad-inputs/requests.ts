import type { BadInput } from './bad-input.js';
import { badNames } from './names.js';

const KEY = 'Authorization: $KEY';
const JSON_TYPE = 'Content-Type: application/json';
const send = (body: string, more: readonly string[] = [JSON_TYPE], line = 'POST /v1/messages HTTP/1.1'): string =>
  [
    line,
    'Host: baton.test',
    'Connection: close',
    KEY,
    ...more,
    `Content-Length: ${Buffer.byteLength(body)}`,
    '',
    body,
  ].join('\r\n');
const raw = (line: string, headers: readonly string[] = [KEY], body = ''): string =>
  [line, 'Host: baton.test', 'Connection: close', ...headers, '', body].join('\r\n');
const get = (path: string): string => raw(`GET ${path} HTTP/1.1`);

const to = (target: string, data = '1'): string => `{"to":${target},"data":${data}}`;
const channel = (name: string): string => to(JSON.stringify({ channel: name }));
const nested = '['.repeat(10_000) + ']'.repeat(10_000);
const keys = `{${Array.from({ length: 1_001 }, (_, index) => `"k${index}":1`).join(',')}}`;
const good = to('{"channel":"http"}');
const BAD = 'HTTP 400 bad-request';

const bodies: readonly (readonly [string, string, string])[] = [
  ['no JSON', '{', BAD],
  ['an empty body', '', BAD],
  ['null', 'null', BAD],
  ['a list', '[]', BAD],
  ['a number', '7', BAD],
  ['no target', '{"data":1}', BAD],
  ['no data', '{"to":{"channel":"a"}}', BAD],
  ['a target that is null', to('null'), BAD],
  ['a target that is text', to('"channel:a"'), BAD],
  ['an empty target', to('{}'), BAD],
  ['two targets', to('{"channel":"a","user":"b"}'), BAD],
  ['a target that nobody knows', to('{"room":"a"}'), BAD],
  ['a tenant by name', to('{"tenant":"acme"}'), BAD],
  ['no tenant', to('{"tenant":false}'), BAD],
  ['a channel that is a number', to('{"channel":7}'), BAD],
  ['a user with a colon', to('{"user":"a:b"}'), BAD],
  ['a session of 33 characters', to(`{"session":"${'s'.repeat(33)}"}`), BAD],
  ['a session that is not there', to('{"session":"nobody"}'), 'HTTP 404 not-found'],
  ['a field that nobody knows', '{"to":{"channel":"a"},"data":1,"extra":1}', BAD],
  ['a prototype', '{"to":{"channel":"a"},"data":1,"__proto__":{"a":1}}', BAD],
  ['a prototype for a target', '{"__proto__":{"to":{"channel":"a"}},"data":1}', BAD],
  ['data that nests 10,000 deep', to('{"channel":"a"}', nested), BAD],
  ['data of 1,001 keys', to('{"channel":"a"}', keys), BAD],
  ['data that is no double', to('{"channel":"a"}', '1e400'), BAD],
  ['data beyond 2^53', to('{"channel":"a"}', '9007199254740993'), BAD],
  ['data of 65,025 bytes', to('{"channel":"a"}', `"${'d'.repeat(65_023)}"`), 'HTTP 413 too-big'],
  ['a body of 90 kB', to('{"channel":"a"}', `"${'d'.repeat(90_000)}"`), 'HTTP 413 too-big'],
  ['a NUL before it', `\u0000${good}`, BAD],
  ['more after it', `${good}${good}`, BAD],
  ...['', ...badNames].map((name): [string, string, string] => [
    `the channel ${JSON.stringify(name).slice(0, 24)}`,
    channel(name),
    BAD,
  ]),
];

const smuggled = 'GET /v1/sessions HTTP/1.1\r\nHost: baton.test\r\n\r\n';
const post = (headers: readonly string[], body: string): string =>
  raw('POST /v1/messages HTTP/1.1', [KEY, JSON_TYPE, ...headers], body);

/** What two servers in a row might read differently. */
const smuggling: readonly (readonly [string, string, ...string[]])[] = [
  ['two lengths', post(['Content-Length: 5', 'Content-Length: 6'], 'hello'), 'HTTP 400'],
  ['one length twice', post(['Content-Length: 5', 'Content-Length: 5'], 'hello'), 'HTTP 400'],
  ['a list of lengths', post(['Content-Length: 5, 5'], 'hello'), 'HTTP 400'],
  [
    'a length and chunks',
    post(['Content-Length: 5', 'Transfer-Encoding: chunked'], `0\r\n\r\n${smuggled}`),
    'HTTP 400',
  ],
  [
    'chunks and a length',
    post(['Transfer-Encoding: chunked', 'Content-Length: 5'], `0\r\n\r\n${smuggled}`),
    'HTTP 400',
  ],
  ['a coding that is none', post(['Transfer-Encoding: xchunked'], `0\r\n\r\n${smuggled}`), 'HTTP 400'],
  ['chunks that are not last', post(['Transfer-Encoding: chunked, identity'], `0\r\n\r\n${smuggled}`), 'HTTP 400'],
  ['a negative length', post(['Content-Length: -5'], 'hello'), 'HTTP 400'],
  ['a length with a plus', post(['Content-Length: +5'], 'hello'), 'HTTP 400'],
  ['a hexadecimal length', post(['Content-Length: 0x5'], 'hello'), 'HTTP 400'],
  ['a length that is no number', post([`Content-Length: ${'9'.repeat(40)}`], 'hello'), 'HTTP 400'],
  ['a chunk whose size is no number', post(['Transfer-Encoding: chunked'], 'g\r\nhello\r\n0\r\n\r\n'), 'HTTP 400'],
  ['a chunk that is too long', post(['Transfer-Encoding: chunked'], `${'f'.repeat(17)}\r\nhello`), 'HTTP 400'],
  ['a chunk that ends late', post(['Transfer-Encoding: chunked'], '3\r\nhello\r\n0\r\n\r\n'), 'HTTP 400'],
  ['a space before the colon', post(['Content-Length : 5'], 'hello'), 'HTTP 400'],
  ['a coding that is folded', post(['Transfer-Encoding:', ' chunked'], `0\r\n\r\n${smuggled}`), 'HTTP 400'],
];

const NOT_FOUND = 'HTTP 404 not-found';
const paths: readonly (readonly [string, string, ...string[]])[] = [
  ['the root', get('/'), NOT_FOUND],
  ['an encoded letter', get('/%61dmin'), NOT_FOUND],
  ['two slashes', get('//'), NOT_FOUND],
  ['two slashes before a path', get('//v1/sessions'), NOT_FOUND],
  ['a parameter in the path', get('/v1/sessions;a=b'), NOT_FOUND],
  ['dots', get('/v1/../v1/sessions'), NOT_FOUND],
  ['encoded dots', get('/v1/%2e%2e/v1/sessions'), NOT_FOUND],
  ['a backslash', get('/v1\\sessions'), NOT_FOUND],
  ['probes', get('/readyz'), NOT_FOUND],
  ['metrics', get('/metrics'), NOT_FOUND],
  ['a session that climbs', get('/v1/sessions/..%2f..%2fadmin/connection'), NOT_FOUND],
  ['a session with a NUL', get('/v1/sessions/a%00/connection'), NOT_FOUND],
  ['a session in braces', get('/v1/sessions/%7Ba%7D/connection'), NOT_FOUND],
  ['a session that is not there', get('/v1/sessions/nobody/connection'), NOT_FOUND],
  ['an escape that is none', get('/v1/sessions/%zz/connection'), BAD],
  ['an escape that is no UTF-8', get('/v1/sessions/%ff/connection'), BAD],
  ['a user that climbs', get('/v1/users/..%2fada/sessions'), BAD],
  ['a user with a line break', get('/v1/users/ada%0d%0a/sessions'), BAD],
  ['a user of 129 characters', get(`/v1/users/${'u'.repeat(129)}/sessions`), BAD],
  ['limit 0', get('/v1/sessions?limit=0'), BAD],
  ['limit 201', get('/v1/sessions?limit=201'), BAD],
  ['limit -1', get('/v1/sessions?limit=-1'), BAD],
  ['limit 1e2', get('/v1/sessions?limit=1e2'), BAD],
  ['an empty limit', get('/v1/sessions?limit='), BAD],
  ['limit twice', get('/v1/sessions?limit=1&limit=2'), BAD],
  ['a parameter that nobody knows', get('/v1/sessions?limit[]=1'), 'HTTP 200'],
  ['a parameter like an object', get('/v1/sessions?after[$gt]='), 'HTTP 200'],
  ['after of 101 characters', get(`/v1/sessions?after=${'a'.repeat(101)}`), BAD],
  ['a stream that is none', get('/v1/streams/room/messages'), 'HTTP 400 bad-stream'],
  ['a stream with a glob', get('/v1/streams/channel:*/messages'), 'HTTP 400 bad-stream'],
  ['a stream that climbs', get('/v1/streams/channel:..%2fa/messages'), 'HTTP 400 bad-stream'],
  ['a position without an id', get('/v1/streams/channel:a/messages?after=5'), BAD],
  ['a negative position', get('/v1/streams/channel:a/messages?after=-5:x'), BAD],
  ['a position beyond 2^53', get('/v1/streams/channel:a/messages?after=9007199254740993:x'), BAD],
  ['a position twice', get('/v1/streams/channel:a/messages?after=1:a&after=2:b'), BAD],
  ['a wait of an hour', get('/v1/streams/channel:a/messages?waitSeconds=3600'), BAD],
  ['a GET where there is only POST', get('/v1/messages'), 'HTTP 405 not-acceptable'],
  ['a PATCH', raw('PATCH /v1/messages HTTP/1.1'), 'HTTP 405 not-acceptable'],
  ['a TRACE', raw('TRACE /v1/messages HTTP/1.1'), 'HTTP 405 not-acceptable'],
  ['a CONNECT', raw('CONNECT baton.test:443 HTTP/1.1')],
  ['a POST to a session', raw('POST /v1/sessions/a HTTP/1.1', [KEY, 'Content-Length: 0']), 'HTTP 405 not-acceptable'],
];

const UNAUTHORIZED = 'HTTP 401 unauthorized';
const credentials: readonly (readonly [string, string, string])[] = [
  ['no key', raw('GET /v1/sessions HTTP/1.1', []), UNAUTHORIZED],
  ['another scheme', raw('GET /v1/sessions HTTP/1.1', ['Authorization: Basic YTpi']), UNAUTHORIZED],
  ['no scheme', raw('GET /v1/sessions HTTP/1.1', ['Authorization: backend.secret']), UNAUTHORIZED],
  ['an unknown key', raw('GET /v1/sessions HTTP/1.1', ['Authorization: Bearer nobody.secret']), UNAUTHORIZED],
  ['another secret', raw('GET /v1/sessions HTTP/1.1', ['Authorization: Bearer backend.secret']), UNAUTHORIZED],
  ['half a key', raw('GET /v1/sessions HTTP/1.1', ['Authorization: Bearer backend']), UNAUTHORIZED],
  ['a key of 10 kB', raw('GET /v1/sessions HTTP/1.1', [`Authorization: Bearer a.${'s'.repeat(10_000)}`]), UNAUTHORIZED],
  ['a key in the query', raw('GET /v1/sessions?key=backend.secret HTTP/1.1', []), UNAUTHORIZED],
];

const types: readonly (readonly [string, string, string])[] = [
  ['no type', send(good, []), BAD],
  ['text', send(good, ['Content-Type: text/plain']), BAD],
  ['a form', send('to=a&data=1', ['Content-Type: application/x-www-form-urlencoded']), BAD],
  ['a file', send('--x--', ['Content-Type: multipart/form-data; boundary=x']), BAD],
  ['XML', send('<to/>', ['Content-Type: application/xml']), BAD],
  ['a charset that nobody knows', send(good, [`${JSON_TYPE}; charset=klingon`]), BAD],
  ['UTF-16 that is none', send(good, [`${JSON_TYPE}; charset=utf-16`]), BAD],
  ['a coding that nobody knows', send(good, [JSON_TYPE, 'Content-Encoding: rot13']), BAD],
  ['gzip that is none', send(good, [JSON_TYPE, 'Content-Encoding: gzip']), BAD],
  ['an Idempotency-Key with a space', send(good, [JSON_TYPE, 'Idempotency-Key: a b']), BAD],
  ['an Idempotency-Key of 129 characters', send(good, [JSON_TYPE, `Idempotency-Key: ${'k'.repeat(129)}`]), BAD],
  ['two Idempotency-Keys', send(good, [JSON_TYPE, 'Idempotency-Key: a', 'Idempotency-Key: b']), BAD],
];

const streams = badNames.map(
  (name) =>
    [
      `a stream of the channel ${JSON.stringify(name).slice(0, 24)}`,
      get(`/v1/streams/channel:${encodeURIComponent(name)}/messages?limit=1`),
      'HTTP 400 bad-stream',
    ] as const,
);

const rows: readonly (readonly [string, string, ...string[]])[] = [
  ...bodies.map(([what, body, hears]) => [what, send(body), hears] as const),
  ...streams,
  ...smuggling,
  ...paths,
  ...credentials,
  ...types,
];

export const badRequests: readonly BadInput[] = rows.map(([what, text, ...hears]): BadInput => ({
  what: `a request with ${what}`,
  at: 'tcp',
  bytes: ({ here }) => Buffer.from(text.replaceAll('$KEY', here.bearer('backend'))),
  hears,
}));
