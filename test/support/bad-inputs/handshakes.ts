import { frame, TEXT } from '../frames/frame-bytes.js';
import { asRequest, handshakeLines } from '../frames/raw-socket.js';
import type { BadInput } from './bad-input.js';

/** The usual handshake with lines replaced (by their beginning), left out (null) or added. */
function handshake(changes: Readonly<Record<string, string | null>>, more: readonly string[] = []): string {
  const lines = handshakeLines.flatMap((line) => {
    const changed = Object.entries(changes).find(([begin]) => line.startsWith(begin));
    if (changed === undefined) return [line];
    return changed[1] === null ? [] : [changed[1]];
  });
  return asRequest([...lines, ...more]);
}
const request = (line: string): string => handshake({ 'GET ': line });
const withKey = (key: string): string => handshake({ 'Sec-WebSocket-Key': `Sec-WebSocket-Key: ${key}` });
const withVersion = (version: string): string =>
  handshake({ 'Sec-WebSocket-Version': `Sec-WebSocket-Version: ${version}` });
const withProtocol = (protocol: string): string =>
  handshake({ 'Sec-WebSocket-Protocol': `Sec-WebSocket-Protocol: ${protocol}` });
const from = (origin: string): string => handshake({}, [`Origin: ${origin}`]);
const many = (count: number): string => Array.from({ length: count }, (_, index) => `p${index}`).join(', ');
const OPEN = ['HTTP 101'];

/** Status, or the first thing that is heard. The pod allows one origin: https://app.example.com. */
const rows: readonly (readonly [string, string, ...string[]])[] = [
  ['a POST', request('POST /v1/connect HTTP/1.1'), 'HTTP 405'],
  ['a PUT', request('PUT /v1/connect HTTP/1.1'), 'HTTP 405'],
  ['a DELETE', request('DELETE /v1/connect HTTP/1.1'), 'HTTP 405'],
  ['a HEAD', request('HEAD /v1/connect HTTP/1.1'), 'HTTP 405'],
  ['an OPTIONS', request('OPTIONS /v1/connect HTTP/1.1'), 'HTTP 405'],
  ['a method that nobody knows', request('CONJURE /v1/connect HTTP/1.1'), 'HTTP 400'],
  ['a method in small letters', request('get /v1/connect HTTP/1.1'), 'HTTP 400'],
  ['the root', request('GET / HTTP/1.1'), 'HTTP 404'],
  ['another version of the path', request('GET /v2/connect HTTP/1.1'), 'HTTP 404'],
  ['a slash at the end', request('GET /v1/connect/ HTTP/1.1'), 'HTTP 404'],
  ['two slashes', request('GET //v1/connect HTTP/1.1'), 'HTTP 404'],
  ['an encoded letter', request('GET /v1/%63onnect HTTP/1.1'), 'HTTP 404'],
  ['dots', request('GET /v1/x/../connect HTTP/1.1'), 'HTTP 404'],
  ['capitals', request('GET /V1/CONNECT HTTP/1.1'), 'HTTP 404'],
  ['a parameter in the path', request('GET /v1/connect;a=b HTTP/1.1'), 'HTTP 404'],
  ['an encoded question mark', request('GET /v1/connect%3Fa HTTP/1.1'), 'HTTP 404'],
  ['a whole URL', request('GET http://baton.test/v1/connect HTTP/1.1'), 'HTTP 404'],
  ['a fragment', request('GET /v1/connect#a HTTP/1.1'), 'HTTP 404'],
  ['a star', request('GET * HTTP/1.1'), 'HTTP 404'],
  ['a path without a slash', request('GET v1/connect HTTP/1.1'), 'HTTP 400'],
  ['HTTP 3', request('GET /v1/connect HTTP/3.0'), 'HTTP 400'],
  ['no version of HTTP', request('GET /v1/connect'), 'HTTP 400'],
  ['no host', handshake({ Host: null }), 'HTTP 400'],
  ['no key', handshake({ 'Sec-WebSocket-Key': null }), 'HTTP 400'],
  ['an empty key', withKey(''), 'HTTP 400'],
  ['a short key', withKey('c2hvcnQ='), 'HTTP 400'],
  ['a long key', withKey('dGhpcyBrZXkgaXMgbG9uZ2VyIHRoYW4gMTY='), 'HTTP 400'],
  ['a key that is no base64', withKey('!!!!!!!!!!!!!!!!!!!!!!=='), 'HTTP 400'],
  ['two keys', handshake({}, ['Sec-WebSocket-Key: YW5vdGhlciBvZiAxNiBiLg==']), 'HTTP 400'],
  ['no version', handshake({ 'Sec-WebSocket-Version': null }), 'HTTP 400'],
  ['version 0', withVersion('0'), 'HTTP 400'],
  ['version 14', withVersion('14'), 'HTTP 400'],
  ['version 13 and 8', withVersion('13, 8'), 'HTTP 400'],
  ['a version that is a word', withVersion('thirteen'), 'HTTP 400'],
  ['no subprotocol', handshake({ 'Sec-WebSocket-Protocol': null }), 'HTTP 400'],
  ['another subprotocol', withProtocol('chat'), 'HTTP 400'],
  ['a subprotocol in capitals', withProtocol('BATON.V1'), 'HTTP 400'],
  ['a subprotocol that begins like ours', withProtocol('baton.v10'), 'HTTP 400'],
  ['a subprotocol that ends like ours', withProtocol('xbaton.v1'), 'HTTP 400'],
  ['the next subprotocol', withProtocol('baton.v2'), 'HTTP 400'],
  ['ours in quotes', withProtocol('"baton.v1"'), 'HTTP 400'],
  ['ours and an empty one', withProtocol('baton.v1,'), 'HTTP 400'],
  ['ours twice', withProtocol('baton.v1, baton.v1'), 'HTTP 400'],
  ['ours and a bad one', withProtocol('baton.v1, a b'), 'HTTP 400'],
  ['100 subprotocols without ours', withProtocol(many(100)), 'HTTP 400'],
  ['100 subprotocols before ours', withProtocol(`${many(100)}, baton.v1`), ...OPEN],
  ['an extension', handshake({}, ['Sec-WebSocket-Extensions: permessage-deflate']), ...OPEN],
  ['an extension that is none', handshake({}, ['Sec-WebSocket-Extensions: ;;;=']), ...OPEN],
  ['another upgrade', handshake({ 'Upgrade: ': 'Upgrade: h2c' }), 'HTTP 404 not-found'],
  ['no upgrade', handshake({ 'Upgrade: ': null, Connection: 'Connection: close' }), 'HTTP 404 not-found'],
  ['headers of 10 kB', handshake({}, [`X-Padding: ${'x'.repeat(10_000)}`]), ...OPEN],
  ['headers of 20 kB', handshake({}, [`X-Padding: ${'x'.repeat(20_000)}`]), 'HTTP 431'],
  ['a path of 20 kB', request(`GET /v1/connect?${'x'.repeat(20_000)} HTTP/1.1`), 'HTTP 431'],
  ['a header without a colon', handshake({}, ['Nonsense']), 'HTTP 400'],
  ['a header with a space before its colon', handshake({}, ['X-Space : 1']), 'HTTP 400'],
  ['a header with a NUL', handshake({}, ['X-Nul: \u0000']), 'HTTP 400'],
  ['a header that goes on in the next line', handshake({}, ['X-Folded: a', ' b']), 'HTTP 400'],
  ['a header without a name', handshake({}, [': a']), 'HTTP 400'],
  ['a body', handshake({}, ['Content-Length: 5']) + 'hello', 'HTTP 400'],
  ['a body in chunks', handshake({}, ['Transfer-Encoding: chunked']) + '0\r\n\r\n', 'HTTP 400'],
  ['the origin null', from('null'), 'HTTP 403'],
  ['an empty origin', from(''), 'HTTP 403'],
  ['another origin', from('https://evil.example'), 'HTTP 403'],
  ['another port', from('https://app.example.com:8443'), 'HTTP 403'],
  ['another scheme', from('http://app.example.com'), 'HTTP 403'],
  ['a subdomain', from('https://x.app.example.com'), 'HTTP 403'],
  ['an origin that begins like ours', from('https://app.example.com.evil.example'), 'HTTP 403'],
  ['an origin that ends like ours', from('https://evil-app.example.com'), 'HTTP 403'],
  ['an origin with a path', from('https://app.example.com/'), 'HTTP 403'],
  ['an origin in capitals', from('HTTPS://APP.EXAMPLE.COM'), 'HTTP 403'],
  ['an origin with a look-alike letter', from('https://\u0430pp.example.com'), 'HTTP 403'],
  ['two origins', from('https://app.example.com https://evil.example'), 'HTTP 403'],
  ['our origin', from('https://app.example.com'), ...OPEN],
  ['TLS', '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc', 'HTTP 400'],
  ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'HTTP 400'],
  ['SSH', 'SSH-2.0-client\r\n\r\n', 'HTTP 400'],
  ['a command for Redis', '*1\r\n$4\r\nPING\r\n', 'HTTP 400'],
  ['line feeds alone', handshake({}).replaceAll('\r\n', '\n'), 'HTTP 400'],
  ['bytes after it that are no frame', `${handshake({})}what is this?`, 'HTTP 101', 'close 1002'],
  ['a second request after it', handshake({}) + handshake({}), 'HTTP 101', 'close 1002'],
  ['a request before it', `${handshake({})}GET / HTTP/1.1\r\n\r\n`, 'HTTP 101', 'close 1002'],
];

export const badHandshakes: readonly BadInput[] = [
  ...rows.map(([what, bytes, ...hears]): BadInput => ({
    what: `a handshake with ${what}`,
    at: 'tcp',
    bytes: () => Buffer.from(bytes, 'utf8'),
    hears,
  })),
  {
    what: 'a handshake with a frame after it that is too early',
    at: 'tcp',
    bytes: () => Buffer.concat([Buffer.from(handshake({})), frame(TEXT, '{"type":"pong"}')]),
    hears: ['HTTP 101', 'close 1002'],
  },
];
