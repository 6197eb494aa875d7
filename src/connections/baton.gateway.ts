import { Inject } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { BatonError } from '../lib/baton-error.js';
import { CONNECT_PATH } from '../protocol/frames.js';
import type {
  ByeFrame,
  HelloFrame,
  PongFrame,
  PresenceAskFrame,
  SubscribeFrame,
  TokenFrame,
  UnsubscribeFrame,
} from '../protocol/frames.js';
import { SESSION_STORE, type SessionStore } from '../sessions/session-store.js';
import { applyClaim } from './claim-result.js';
import { Credentials } from './credentials.js';
import type { Received } from './frame-dispatcher.js';
import { HandshakeGate } from './handshake-gate.js';
import { SessionOpener } from './session-opener.js';
import { UnansweredWrites } from './unanswered-writes.js';

/**
 * One method a frame type, but for `publish`, which needs none of what Nest adds (see FrameDispatcher). The first argument
 * is Nest's client, which all sockets share. Provided as a class: Nest doesn't look for gateways among factories.
 */
@WebSocketGateway({ path: CONNECT_PATH })
export class BatonGateway {
  constructor(
    @Inject(SessionOpener) private readonly opener: SessionOpener,
    @Inject(Credentials) private readonly credentials: Credentials,
    @Inject(SESSION_STORE) private readonly store: SessionStore,
    @Inject(UnansweredWrites) private readonly unanswered: UnansweredWrites,
    @Inject(HandshakeGate) private readonly gate: HandshakeGate,
  ) {}

  @SubscribeMessage('hello')
  hello(_server: unknown, { connection, frame }: Received<HelloFrame>): void {
    const retryAfterMs = this.gate.enter(() => this.opener.open(connection, frame));
    if (retryAfterMs !== null) connection.busy(retryAfterMs);
  }

  @SubscribeMessage('subscribe')
  subscribe(_server: unknown, { connection, frame }: Received<SubscribeFrame>): void {
    connection.session?.subscriptions.subscribe(frame.stream, frame.position ?? null);
  }

  @SubscribeMessage('unsubscribe')
  unsubscribe(_server: unknown, { connection, frame }: Received<UnsubscribeFrame>): void {
    connection.session?.subscriptions.unsubscribe(frame.stream);
  }

  @SubscribeMessage('presence')
  presence(_server: unknown, { connection, frame }: Received<PresenceAskFrame>): void {
    connection.session?.presence.set(frame.channel, frame.on);
  }

  @SubscribeMessage('token')
  async token(_server: unknown, { connection, frame }: Received<TokenFrame>): Promise<void> {
    const { session } = connection;
    if (!session) return;
    try {
      const { tenant, user, session: id, attempt, pod } = session.row;
      const renew = await this.credentials.renewal(frame.token, tenant, user);
      const claim = { tenant, session: id, attempt, connection: connection.id, pod, renew };
      const result = await this.store.claim(claim);
      if (!applyClaim(connection, result, this.store) || result.kind !== 'claimed') return;
      connection.renew(result.row, { ...session.identity, grants: result.row.grants });
      connection.send({ type: 'credential', expiresInMs: Math.max(0, renew.credentialExpiresAtMs - Date.now()) });
    } catch (error) {
      if (!(error instanceof BatonError)) throw error;
      const { code, message, retryAfterMs } = error;
      connection.send({ type: 'error', code, message, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });
    }
  }

  @SubscribeMessage('pong')
  pong(_server: unknown, _received: Received<PongFrame>): void {
    // The adapter has noted that the socket is alive, as for every frame.
  }

  @SubscribeMessage('bye')
  async bye(_server: unknown, { connection }: Received<ByeFrame>): Promise<void> {
    const { session } = connection;
    connection.saidBye = true;
    connection.close('done');
    // Whoever owns it: a session that has just moved ends all the same, its client means it and not this connection.
    if (session) await this.unanswered.say(() => this.store.end(session.row));
  }
}
