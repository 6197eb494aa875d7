import { Controller, Delete, Get, HttpCode, HttpStatus, Inject, Param, Query, UseGuards } from '@nestjs/common';
import type { Backend } from '../auth/principal.js';
import { FLEET, type Fleet } from '../fleet/fleet.js';
import { BatonError } from '../lib/baton-error.js';
import { requireAnySession, requireGrant } from '../messaging/send-target.js';
import type { SessionId, UserId } from '../protocol/ids.js';
import { endSessionsOf } from '../sessions/end-sessions-of.js';
import { SESSION_STORE, type PageRequest, type SessionPage, type SessionStore } from '../sessions/session-store.js';
import { ApiKeyGuard, Caller } from './api-key.guard.js';
import { PageQuery, SessionIdParam, UserIdParam } from './request-shape.js';
import { connectionOf, type SessionConnection } from './session-connection.js';

interface ListOfSessions {
  readonly sessions: readonly SessionConnection[];
  /** Of the next page; null: this was the last. */
  readonly next: string | null;
}

/** Sessions of the caller's tenant; those of another look exactly like missing ones. */
@Controller('v1')
@UseGuards(ApiKeyGuard)
export class SessionsController {
  constructor(
    @Inject(SESSION_STORE) private readonly store: SessionStore,
    @Inject(FLEET) private readonly fleet: Fleet,
  ) {}

  @Get('sessions')
  async ofTenant(@Caller() backend: Backend, @Query(new PageQuery()) page: PageRequest): Promise<ListOfSessions> {
    requireAnySession(backend, 'presence');
    return this.toldOf(await this.store.listByTenant(backend.tenant, page));
  }

  @Get('users/:user/sessions')
  async ofUser(
    @Caller() backend: Backend,
    @Param('user', UserIdParam) user: UserId,
    @Query(new PageQuery()) page: PageRequest,
  ): Promise<ListOfSessions> {
    requireGrant(backend, { user }, 'presence');
    return this.toldOf(await this.store.listByUser(backend.tenant, user, page));
  }

  /** Who has a valid token may come back, with a new session. */
  @Delete('users/:user/sessions')
  async endOfUser(
    @Caller() backend: Backend,
    @Param('user', UserIdParam) user: UserId,
  ): Promise<{ readonly ended: number }> {
    requireGrant(backend, { user }, 'publish');
    return { ended: await endSessionsOf(this.store, backend.tenant, user) };
  }

  @Get('sessions/:session/connection')
  async connection(
    @Caller() backend: Backend,
    @Param('session', SessionIdParam) session: SessionId,
  ): Promise<SessionConnection> {
    requireGrant(backend, { session }, 'presence');
    const row = await this.store.get({ tenant: backend.tenant, session });
    if (row === null) throw new BatonError('not-found');
    return connectionOf(row, this.fleet);
  }

  /** Ends the session for everybody: its client is closed with 4010. */
  @Delete('sessions/:session')
  @HttpCode(HttpStatus.NO_CONTENT)
  async end(@Caller() backend: Backend, @Param('session', SessionIdParam) session: SessionId): Promise<void> {
    requireGrant(backend, { session }, 'publish');
    if (!(await this.store.end({ tenant: backend.tenant, session }))) throw new BatonError('not-found');
  }

  private async toldOf({ sessions, next }: SessionPage): Promise<ListOfSessions> {
    // Several sessions of a page are on the same pod: it is looked up once.
    const found = new Map<string, ReturnType<Fleet['find']>>();
    const find: Fleet['find'] = (pod) => {
      const looked = found.get(pod) ?? this.fleet.find(pod);
      found.set(pod, looked);
      return looked;
    };
    return { sessions: await Promise.all(sessions.map((row) => connectionOf(row, { find }))), next };
  }
}
