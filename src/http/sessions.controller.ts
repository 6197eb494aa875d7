import type { ServerResponse } from 'node:http';
import {
  Body,
  Controller,
  Delete,
  Get,
  Headers,
  HttpCode,
  HttpStatus,
  Inject,
  Param,
  Put,
  Res,
  UseGuards,
} from '@nestjs/common';
import { z } from 'zod';
import type { Backend } from '../auth/principal.js';
import { FLEET, type Fleet } from '../fleet/fleet.js';
import { BatonError } from '../lib/baton-error.js';
import { requireGrant } from '../messaging/send-target.js';
import type { Json } from '../protocol/frames.js';
import type { SessionId } from '../protocol/ids.js';
import { SESSION_STORE, type SessionStore, type StoredData } from '../sessions/session-store.js';
import { ApiKeyGuard, Caller } from './api-key.guard.js';
import { BodyOf, SessionIdParam } from './request-shape.js';
import { connectionOf, type SessionConnection } from './session-connection.js';

interface PutBody {
  readonly value: Json;
  readonly version?: number | undefined;
}
const putSchema: z.ZodType<PutBody> = z.strictObject({
  value: z.custom<Json>((value) => value !== undefined, 'is required'),
  version: z.int().min(0).optional(),
});

/** Sessions of the caller's tenant; those of another look exactly like missing ones. */
@Controller('v1/sessions/:session')
@UseGuards(ApiKeyGuard)
export class SessionsController {
  constructor(
    @Inject(SESSION_STORE) private readonly store: SessionStore,
    @Inject(FLEET) private readonly fleet: Fleet,
  ) {}

  @Get('connection')
  async connection(
    @Caller() backend: Backend,
    @Param('session', SessionIdParam) session: SessionId,
  ): Promise<SessionConnection> {
    requireGrant(backend, { session }, 'presence');
    const row = await this.store.get({ tenant: backend.tenant, session });
    if (row === null) throw new BatonError('not-found');
    return connectionOf(row, this.fleet);
  }

  @Get('data/:field')
  async getData(
    @Caller() backend: Backend,
    @Param('session', SessionIdParam) session: SessionId,
    @Param('field') field: string,
    @Res({ passthrough: true }) response: ServerResponse,
  ): Promise<StoredData> {
    requireGrant(backend, { session }, 'subscribe');
    const stored = await this.store.getData({ tenant: backend.tenant, session }, field);
    if (stored === null) throw new BatonError('not-found');
    response.setHeader('ETag', `"${stored.version}"`);
    return stored;
  }

  /** Compare and set: with a version (body or If-Match), only if that is what is stored; 0 for "not there yet". */
  @Put('data/:field')
  async putData(
    @Caller() backend: Backend,
    @Param('session', SessionIdParam) session: SessionId,
    @Param('field') field: string,
    @Body(new BodyOf(putSchema)) body: PutBody,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) response: ServerResponse,
  ): Promise<{ readonly version: number }> {
    requireGrant(backend, { session }, 'publish');
    const version = expectedVersion(body.version, ifMatch);
    const result = await this.store.putData({ tenant: backend.tenant, session }, field, body.value, version);
    if (result.kind === 'gone') throw new BatonError('not-found');
    response.setHeader('ETag', `"${result.version}"`);
    if (result.kind === 'conflict') throw new BatonError('conflict', `the stored version is ${result.version}`);
    return { version: result.version };
  }

  /** Ends the session for everybody: its client is closed with 4010. */
  @Delete()
  @HttpCode(HttpStatus.NO_CONTENT)
  async end(@Caller() backend: Backend, @Param('session', SessionIdParam) session: SessionId): Promise<void> {
    requireGrant(backend, { session }, 'publish');
    if (!(await this.store.end({ tenant: backend.tenant, session }))) throw new BatonError('not-found');
  }
}

/** Null: whatever is there. */
function expectedVersion(inBody: number | undefined, ifMatch: string | undefined): number | null {
  if (ifMatch === undefined) return inBody ?? null;
  const [, digits] = /^"(\d{1,15})"$/.exec(ifMatch) ?? [];
  if (digits === undefined) throw new BatonError('bad-request', 'If-Match must be a version in quotes, such as "3"');
  if (inBody !== undefined && inBody !== Number(digits))
    throw new BatonError('bad-request', 'If-Match and `version` name different versions');
  return Number(digits);
}
