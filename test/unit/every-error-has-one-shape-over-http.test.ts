import type { ServerResponse } from 'node:http';
import { HttpException, NotFoundException, type ArgumentsHost } from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import { ErrorFilter } from '../../src/http/error-filter.js';
import { allowedMethods } from '../../src/http/known-routes.js';
import { MessagesController } from '../../src/http/messages.controller.js';
import { SessionDataController } from '../../src/http/session-data.controller.js';
import { SessionsController } from '../../src/http/sessions.controller.js';
import { StreamsController } from '../../src/http/streams.controller.js';
import { BatonError } from '../../src/lib/baton-error.js';
import { errorCodes, type ErrorName } from '../../src/protocol/error-codes.js';
import { silentLogger } from '../support/silent-logger.js';

const allowed = allowedMethods([MessagesController, SessionsController, SessionDataController, StreamsController]);

function answerTo(thrown: unknown, url = '/hunter2') {
  const headers = new Map<string, string | number>();
  const sent: { status: number; body: unknown } = { status: 0, body: null };
  const response = {
    headersSent: false,
    statusCode: 200,
    setHeader: (name: string, value: string | number) => headers.set(name.toLowerCase(), value),
    end(body: string) {
      sent.status = this.statusCode;
      sent.body = JSON.parse(body);
    },
  };
  const host = {
    switchToHttp: () => ({ getResponse: () => response as unknown as ServerResponse, getRequest: () => ({ url }) }),
  } as unknown as ArgumentsHost;
  new ErrorFilter(silentLogger, allowed).catch(thrown, host);
  return { ...sent, headers };
}

describe('every code of the error table', () => {
  it.each(Object.keys(errorCodes) as ErrorName[])('%s is answered with its status', (code) => {
    const { status, temporary } = errorCodes[code];
    const answer = answerTo(new BatonError(code, undefined, temporary ? { retryAfterMs: 1_500 } : {}));
    expect(answer.status).toBe(status);
    expect(answer.body).toEqual({
      error: { code, message: errorCodes[code].meaning, ...(temporary && { retryAfterMs: 1_500 }) },
    });
    expect(answer.headers.get('retry-after')).toBe(temporary ? 2 : undefined);
    expect(answer.headers.get('www-authenticate')).toBe(code === 'unauthorized' ? 'Bearer' : undefined);
  });
});

it.each([
  ['an error from inside', new Error('password=hunter2'), 500, 'internal'],
  ['something that is no error', 'hunter2', 500, 'internal'],
  ['an internal fault with details', new BatonError('internal', 'claim answered hunter2'), 500, 'internal'],
  ['Nest’s 404 with the path in it', new NotFoundException('Cannot GET /hunter2'), 404, 'not-found'],
  ['a parser’s words', badJson(), 400, 'bad-request'],
  ['an unknown 4xx', new HttpException('hunter2', 415), 400, 'bad-request'],
])('%s tells nobody outside more than its code', (_what, thrown, status, code) => {
  const answer = answerTo(thrown);
  expect(answer).toMatchObject({ status, body: { error: { code } } });
  expect(JSON.stringify(answer.body)).not.toContain('hunter2');
});

describe('a path that takes other methods is told from one that nobody has', () => {
  it.each([
    ['/v1/messages', 'POST'],
    ['/v1/messages?x=/v1/sessions', 'POST'],
    ['/V1/Sessions/', 'GET, HEAD'],
    ['/v1/sessions/abc', 'DELETE'],
    ['/v1/sessions/abc/data/cart', 'DELETE, GET, HEAD, PUT'],
    ['/v1/users/a%2Fb/sessions', 'DELETE, GET, HEAD'],
    ['/v1/streams/channel:a/messages', 'GET, HEAD'],
  ])('%s takes %s', (url, methods) => {
    const answer = answerTo(new NotFoundException(), url);
    expect(answer).toMatchObject({ status: 405, body: { error: { code: 'not-acceptable' } } });
    expect(answer.headers.get('allow')).toBe(methods);
  });

  it.each(['/', '/v1', '/v1/message', '/v1/messages/x', '/v1/users//sessions', '/v1/users/a/b/sessions', ''])(
    '%j is nobody’s',
    (url) => {
      const answer = answerTo(new NotFoundException(), url);
      expect(answer).toMatchObject({ status: 404, body: { error: { code: 'not-found' } } });
      expect(answer.headers.has('allow')).toBe(false);
    },
  );

  it('what is missing behind a route is no matter of methods', () => {
    expect(answerTo(new BatonError('not-found'), '/v1/sessions/abc').status).toBe(404);
  });
});

function badJson(): HttpException {
  return new HttpException('Unexpected token h in hunter2', 400, { cause: new SyntaxError('hunter2') });
}
