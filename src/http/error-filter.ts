import type { IncomingMessage, ServerResponse } from 'node:http';
import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { BatonError } from '../lib/baton-error.js';
import type { Logger } from '../observability/logger.js';
import { errorCodes, type ErrorName } from '../protocol/error-codes.js';
import type { AllowedMethods } from './known-routes.js';

/** What Nest and the body parser throw, as rows of the error table. */
const byStatus: ReadonlyMap<number, ErrorName> = new Map([
  [404, 'not-found'],
  [405, 'not-acceptable'],
  [413, 'too-big'],
]);

/** Every error of the HTTP API becomes `{error: {code, message, retryAfterMs?}}` here, and nowhere else. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  constructor(
    private readonly logger: Logger,
    private readonly allowed: AllowedMethods = () => [],
  ) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<ServerResponse>();
    const methods = isOfNoRoute(thrown) ? this.methodsAt(host.switchToHttp().getRequest<IncomingMessage>()) : [];
    const error = methods.length > 0 ? new BatonError('not-acceptable') : asBatonError(thrown);
    if (error.code === 'internal') this.logger.error('http.failed', { error: thrown });
    else this.logger.debug('http.refused', { code: error.code, error: thrown });
    if (response.headersSent) {
      response.destroy();
      return;
    }
    if (methods.length > 0) response.setHeader('Allow', methods.join(', '));
    answer(response, error);
  }

  private methodsAt({ url = '' }: IncomingMessage): readonly string[] {
    return this.allowed(url.split('?', 1)[0] ?? '');
  }
}

const NO_ROUTE = 404;

/** What is missing behind a route is a BatonError. */
function isOfNoRoute(thrown: unknown): boolean {
  return thrown instanceof HttpException && thrown.getStatus() === NO_ROUTE;
}

function answer(response: ServerResponse, error: BatonError): void {
  const { code, retryAfterMs } = error;
  const body = JSON.stringify({
    error: { code, message: messageOf(error), ...(retryAfterMs === undefined ? {} : { retryAfterMs }) },
  });
  response.statusCode = errorCodes[code].status;
  response.setHeader('Content-Type', 'application/json; charset=utf-8');
  response.setHeader('Content-Length', Buffer.byteLength(body));
  if (code === 'unauthorized') response.setHeader('WWW-Authenticate', 'Bearer');
  if (retryAfterMs !== undefined) response.setHeader('Retry-After', Math.max(1, Math.ceil(retryAfterMs / 1_000)));
  response.end(body);
}

/** The same words for everything that must look the same, and nothing from inside for a fault. */
function messageOf({ code, message }: BatonError): string {
  return code === 'not-found' || code === 'unauthorized' || code === 'internal' ? errorCodes[code].meaning : message;
}

function asBatonError(thrown: unknown): BatonError {
  if (thrown instanceof BatonError) return thrown;
  if (!(thrown instanceof HttpException)) return new BatonError('internal', undefined, { cause: thrown });
  const status = thrown.getStatus();
  const code = byStatus.get(status) ?? (status < 500 ? 'bad-request' : 'internal');
  const message = code === 'bad-request' ? badRequest(thrown) : undefined;
  return new BatonError(code, message, { cause: thrown });
}

/** The body parser's own message quotes the body. */
const badRequest = ({ cause }: HttpException): string | undefined =>
  cause instanceof SyntaxError ? 'the body is not JSON' : undefined;
