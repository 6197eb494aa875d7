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
import { BatonError } from '../lib/baton-error.js';
import { requireGrant } from '../messaging/send-target.js';
import type { Json } from '../protocol/frames.js';
import type { SessionId } from '../protocol/ids.js';
import { SESSION_STORE, type DataField, type SessionStore, type StoredData } from '../sessions/session-store.js';
import { ApiKeyGuard, Caller } from './api-key.guard.js';
import { BodyOf, SessionIdParam } from './request-shape.js';

interface PutBody {
  readonly value: Json;
  readonly version?: number | undefined;
}
const putSchema: z.ZodType<PutBody> = z.strictObject({
  value: z.custom<Json>((value) => value !== undefined, 'is required'),
  version: z.int().min(0).optional(),
});

/** The application's data with a session. Writes compare and set: with a version, only if that is what is stored. */
@Controller('v1/sessions/:session/data')
@UseGuards(ApiKeyGuard)
export class SessionDataController {
  constructor(@Inject(SESSION_STORE) private readonly store: SessionStore) {}

  @Get()
  async list(
    @Caller() backend: Backend,
    @Param('session', SessionIdParam) session: SessionId,
  ): Promise<{ readonly fields: readonly DataField[] }> {
    requireGrant(backend, { session }, 'subscribe');
    const fields = await this.store.listData({ tenant: backend.tenant, session });
    if (fields === null) throw new BatonError('not-found');
    return { fields };
  }

  @Get(':field')
  async get(
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

  @Put(':field')
  async put(
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
    if (result.kind === 'conflict') throw conflict(result.version);
    return { version: result.version };
  }

  /** 204 also for a field that isn't there: the answer of a repeat. */
  @Delete(':field')
  @HttpCode(HttpStatus.NO_CONTENT)
  async delete(
    @Caller() backend: Backend,
    @Param('session', SessionIdParam) session: SessionId,
    @Param('field') field: string,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) response: ServerResponse,
  ): Promise<void> {
    requireGrant(backend, { session }, 'publish');
    const version = expectedVersion(undefined, ifMatch);
    const result = await this.store.deleteData({ tenant: backend.tenant, session }, field, version);
    if (result.kind === 'gone') throw new BatonError('not-found');
    if (result.kind === 'deleted') return;
    response.setHeader('ETag', `"${result.version}"`);
    throw conflict(result.version);
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

const conflict = (version: number): BatonError => new BatonError('conflict', `the stored version is ${version}`);
