import type { StreamsConfig } from '../config/config.js';
import { closeCodes } from '../protocol/close-codes.js';
import type { HelloFrame, WelcomeFrame } from '../protocol/frames.js';
import type { PresenceRooms } from '../messaging/presence-rooms.js';
import type { SessionIdentity } from '../messaging/session-identity.js';
import { SessionPresence, type SessionPresencePorts } from '../messaging/session-presence.js';
import { SessionPublisher, type PublishingPorts } from '../messaging/session-publisher.js';
import { SessionSubscriptions, type SubscriptionPorts } from '../messaging/session-subscriptions.js';
import type { SessionRow, SessionStore } from '../sessions/session-store.js';
import type { Connection } from './connection.js';
import type { ConnectionContext } from './connection-context.js';
import type { Handshake, HandshakeOutcome } from './handshake.js';

export interface OpenerPorts {
  readonly handshake: Handshake;
  readonly store: SessionStore;
  readonly publishing: PublishingPorts;
  readonly subscriptions: Pick<SubscriptionPorts, 'live'>;
  readonly presence: PresenceRooms;
}

/** What `welcome` says of this pod. */
export interface PodFacts {
  readonly name: string;
  readonly revision: string;
}

/** How long a client may take to leave after it was sent elsewhere before `welcome`. */
const ELSEWHERE_MS = 5_000;

/** Turns a `hello` into an open session, or tells the client why not. */
export class SessionOpener {
  /** All connections share them. */
  private readonly subscriptionPorts: SubscriptionPorts;
  private readonly presencePorts: SessionPresencePorts;

  constructor(
    private readonly ports: OpenerPorts,
    private readonly streams: StreamsConfig,
    private readonly pod: PodFacts,
    private readonly context: ConnectionContext,
  ) {
    this.subscriptionPorts = this.subscriptionPortsOf(ports.subscriptions.live);
    const { clock, config } = context;
    this.presencePorts = { rooms: ports.presence, clock, channelsPerSession: config.streamsPerSession };
  }

  async open(connection: Connection, hello: HelloFrame): Promise<void> {
    connection.attempt = hello.attempt;
    connection.overlap = hello.can.includes('overlap');
    const { upgradeToken } = connection;
    connection.upgradeToken = null;
    try {
      this.settle(connection, hello, await this.ports.handshake.run(hello, upgradeToken, connection));
    } catch (error) {
      this.context.logger.error('connection.hello-failed', { connectionId: connection.id, error });
      connection.close('internal');
    }
  }

  private settle(connection: Connection, hello: HelloFrame, outcome: HandshakeOutcome): void {
    this.context.metrics.sessionResumes.inc({ result: hello.session === undefined ? 'new' : outcome.kind });
    switch (outcome.kind) {
      case 'busy':
        connection.busy(outcome.retryAfterMs);
        return;
      case 'elsewhere':
        this.sendElsewhere(connection, outcome.reason, outcome.endpoints);
        return;
      case 'refused':
        this.refuse(connection, outcome);
        return;
      case 'welcome':
        this.welcome(connection, hello, outcome);
    }
  }

  private refuse(
    connection: Connection,
    { code, reason, error }: Extract<HandshakeOutcome, { kind: 'refused' }>,
  ): void {
    const { logger } = this.context;
    logger.debug('connection.refused', { connectionId: connection.id, code: closeCodes[code].code, reason, error });
    connection.close(code, reason);
  }

  private sendElsewhere(connection: Connection, reason: 'drain' | 'rebalance', endpoints: readonly string[]): void {
    connection.send({ type: 'migrate', reason, withinMs: 0, deadlineMs: ELSEWHERE_MS, endpoints });
    const timer = this.context.clock.after(ELSEWHERE_MS, () => {
      connection.close('drained');
    });
    connection.whenClosed(() => {
      timer.cancel();
    });
  }

  private welcome(
    connection: Connection,
    hello: HelloFrame,
    { row, resume, resumed }: Extract<HandshakeOutcome, { kind: 'welcome' }>,
  ): void {
    if (!connection.advance('welcome')) return;
    const { tenant, session, user, grants } = row;
    const identity = { tenant, session, user, grants, publisher: hello.publisher ?? null };
    const publisher = new SessionPublisher(this.ports.publishing, connection, identity);
    const subscriptions = new SessionSubscriptions(this.subscriptionPorts, connection, identity);
    connection.send(this.welcomeFrame(session, resume, resumed));
    const presence = this.presenceOf(connection, row, identity);
    connection.adopt({ row, identity, publisher, subscriptions, presence }, this.ports.store);
    subscriptions.start(hello.streams);
    this.context.logger.debug(resumed ? 'session.resumed' : 'session.created', {
      tenantId: tenant,
      sessionId: session,
      connectionId: connection.id,
      attempt: row.attempt,
    });
  }

  private welcomeFrame(session: WelcomeFrame['session'], resume: string, resumed: boolean): WelcomeFrame {
    const { windowMs, windowMessages, windowBytes } = this.streams;
    return {
      type: 'welcome',
      session,
      resume,
      resumed,
      window: { seconds: Math.floor(windowMs / 1_000), messages: windowMessages, bytes: windowBytes },
      pingSeconds: this.context.config.pingMs / 1_000,
      pod: this.pod.name,
      revision: this.pod.revision,
    };
  }

  private presenceOf(connection: Connection, { attempt, pod }: SessionRow, identity: SessionIdentity): SessionPresence {
    return new SessionPresence(this.presencePorts, connection, identity, { attempt, pod, connection: connection.id });
  }

  private subscriptionPortsOf(live: SubscriptionPorts['live']): SubscriptionPorts {
    const { metrics, logger, config } = this.context;
    return {
      live,
      streamsPerSession: config.streamsPerSession,
      onReset: (reason) => {
        metrics.streamResets.inc({ reason });
      },
      onSlow: () => {
        metrics.slowConsumers.inc();
      },
      onFailed: ({ tenant, session }, stream, error) => {
        logger.warn('stream.unreadable', { tenantId: tenant, sessionId: session, stream, error });
      },
    };
  }
}
