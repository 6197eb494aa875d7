import type { IncomingMessage } from 'node:http';
import { createParamDecorator, Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { AUTHENTICATOR, type Authenticator, type Backend } from '../auth/principal.js';
import { bearerOf } from '../connections/upgrade-check.js';
import { BatonError } from '../lib/baton-error.js';

interface ApiRequest extends IncomingMessage {
  backend?: Backend;
}

/** `Authorization: Bearer <id>.<secret>` on every route of the API. */
@Injectable()
export class ApiKeyGuard implements CanActivate {
  constructor(@Inject(AUTHENTICATOR) private readonly authenticator: Authenticator) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<ApiRequest>();
    const key = bearerOf(request.headers);
    if (key === null) throw new BatonError('unauthorized');
    request.backend = this.authenticator.verifyApiKey(key);
    return true;
  }
}

/** Whose API key the request carries. */
export const Caller = createParamDecorator((_data: unknown, context: ExecutionContext): Backend => {
  const { backend } = context.switchToHttp().getRequest<ApiRequest>();
  if (!backend) throw new BatonError('internal', 'a route of the API without its guard');
  return backend;
});
