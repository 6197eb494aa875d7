import { describe, expect, it } from '@jest/globals';
import { bearerOf, checkUpgrade } from '../../src/connections/upgrade-check.js';

const headers = { host: 'baton.test', 'sec-websocket-protocol': 'baton.v1' };
const good = { method: 'GET', url: '/v1/connect', httpVersion: '1.1', headers };

describe('an upgrade', () => {
  it.each([
    ['as documented', good, [], null],
    ['with a query', { ...good, url: '/v1/connect?x=1' }, [], null],
    [
      'among other subprotocols',
      { ...good, headers: { ...headers, 'sec-websocket-protocol': 'a, baton.v1' } },
      [],
      null,
    ],
    ['by POST', { ...good, method: 'POST' }, [], 405],
    ['to another path', { ...good, url: '/v1/connect/' }, [], 404],
    ['to an encoded path', { ...good, url: '/v1/%63onnect' }, [], 404],
    ['without subprotocol', { ...good, headers: { host: 'baton.test' } }, [], 400],
    [
      'with a look-alike subprotocol',
      { ...good, headers: { ...headers, 'sec-websocket-protocol': 'baton.v10' } },
      [],
      400,
    ],
    ['of HTTP/1.0', { ...good, httpVersion: '1.0' }, [], 400],
    ['without a host', { ...good, headers: { 'sec-websocket-protocol': 'baton.v1' } }, [], 400],
    ['with a body', { ...good, headers: { ...headers, 'content-length': '5' } }, [], 400],
    ['with chunks', { ...good, headers: { ...headers, 'transfer-encoding': 'chunked' } }, [], 400],
    ['from an allowed origin', from('https://a.example'), ['https://a.example'], null],
    ['from no browser', good, ['https://a.example'], null],
    ['from a look-alike origin', from('https://a.example.evil'), ['https://a.example'], 403],
    ['from another port', from('https://a.example:444'), ['https://a.example'], 403],
    ['from origin null', from('null'), ['https://a.example'], 403],
  ])('%s', (_what, request, origins, status) => {
    expect(checkUpgrade(request, origins)?.status ?? null).toBe(status);
  });

  it('carries a token in Authorization, or none', () => {
    expect(bearerOf({ authorization: 'Bearer abc.def' })).toBe('abc.def');
    expect(bearerOf({ authorization: 'Basic abc' })).toBeNull();
    expect(bearerOf({})).toBeNull();
  });
});

function from(origin: string): typeof good & { headers: { origin: string } } {
  return { ...good, headers: { ...good.headers, origin } };
}
