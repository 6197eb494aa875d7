import { Module, type DynamicModule, type FactoryProvider, type ModuleMetadata } from '@nestjs/common';
import { AUTHENTICATOR, type Authenticator } from '../auth/principal.js';
import type { Config } from '../config/config.js';
import { CLOCK, CONFIG } from '../config/tokens.js';
import { FLEET, type Fleet } from '../fleet/fleet.js';
import type { Clock } from '../lib/clock.js';
import { PresenceRooms } from '../messaging/presence-rooms.js';
import { PRESENCE_STORE, type PresenceStore } from '../messaging/presence-store.js';
import { LOGGER, type Logger } from '../observability/logger.js';
import { METRICS, type Metrics } from '../observability/metrics.js';
import { RedisKeys } from '../redis/keys.js';
import { REDIS_SUBSCRIBER, type RedisSubscriber } from '../redis/redis-ports.js';
import { RESUME_TOKENS, type ResumeTokens } from '../sessions/resume-tokens.js';
import { SESSION_EVENTS, SESSION_STORE, type SessionEvents, type SessionStore } from '../sessions/session-store.js';
import { LIVE_STREAMS, type LiveStreams } from '../streams/live-streams.js';
import { LOG_TIME_MS, STREAM_LOG, type LogTimeMs, type StreamLog } from '../streams/stream-log.js';
import { ADMISSION_POLICY, type AdmissionPolicy } from './admission.js';
import { BatonGateway } from './baton.gateway.js';
import type { ConnectionContext } from './connection-context.js';
import { ConnectionRegistryModule } from './connection-registry.module.js';
import { ConnectionsLifecycle } from './connections-lifecycle.js';
import { Credentials } from './credentials.js';
import { Handshake } from './handshake.js';
import { HandshakeGate } from './handshake-gate.js';
import { Heartbeat } from './heartbeat.js';
import { LivingPods } from './living-pods.js';
import { OpenConnections } from './open-connections.js';
import { SessionKeeper } from './session-keeper.js';
import { SessionOpener } from './session-opener.js';
import { SteadyPods } from './steady-pods.js';
import { TurnFlusher } from './turn-flusher.js';
import { UnansweredWrites } from './unanswered-writes.js';

export const CONNECTION_CONTEXT = Symbol('ConnectionContext');

/**
 * A superseded connection goes on delivering for this long: longer than another pod needs from its claim to the end of
 * its replay, short against a drain.
 */
const LINGER_MS = 400;

const providers: readonly FactoryProvider[] = [
  {
    provide: UnansweredWrites,
    inject: [LOGGER],
    useFactory: (logger: Logger) => new UnansweredWrites(logger),
  },
  {
    provide: CONNECTION_CONTEXT,
    inject: [CONFIG, CLOCK, LOGGER, METRICS, UnansweredWrites],
    useFactory: (
      config: Config,
      clock: Clock,
      logger: Logger,
      metrics: Metrics,
      unanswered: UnansweredWrites,
    ): ConnectionContext => ({
      config: config.connections,
      limits: config.limits,
      clock,
      logger,
      metrics,
      flusher: new TurnFlusher(),
      unanswered,
      lingerMs: LINGER_MS,
    }),
  },
  {
    provide: Credentials,
    inject: [AUTHENTICATOR, RESUME_TOKENS],
    useFactory: (authenticator: Authenticator, tokens: ResumeTokens) => new Credentials(authenticator, tokens),
  },
  {
    provide: HandshakeGate,
    inject: [CONNECTION_CONTEXT],
    useFactory: ({ limits, clock }: ConnectionContext) => new HandshakeGate(limits, clock),
  },
  {
    provide: Handshake,
    inject: [ADMISSION_POLICY, Credentials, SESSION_STORE, SESSION_EVENTS, FLEET, UnansweredWrites, HandshakeGate],
    useFactory: (
      admission: AdmissionPolicy,
      credentials: Credentials,
      store: SessionStore,
      events: SessionEvents,
      fleet: Fleet,
      unanswered: UnansweredWrites,
      gate: HandshakeGate,
    ) => new Handshake(admission, credentials, { store, events, unanswered }, fleet.self.pod, gate),
  },
  {
    provide: PresenceRooms,
    inject: [PRESENCE_STORE, REDIS_SUBSCRIBER, FLEET, CONFIG, CONNECTION_CONTEXT],
    useFactory: (
      store: PresenceStore,
      subscriber: RedisSubscriber,
      fleet: Fleet,
      config: Config,
      { clock, logger }: ConnectionContext,
    ) => {
      const pods = new LivingPods(fleet, config.pod);
      const steady = new SteadyPods(pods, fleet, clock, config.pod.beatTtlMs);
      return new PresenceRooms({ store, subscriber, clock, logger, pods, steady });
    },
  },
  {
    provide: SessionOpener,
    inject: [
      ...[Handshake, SESSION_STORE, STREAM_LOG, LOG_TIME_MS, LIVE_STREAMS, PresenceRooms],
      ...[CONFIG, CONNECTION_CONTEXT],
    ],
    useFactory: (
      handshake: Handshake,
      store: SessionStore,
      log: StreamLog,
      timeMs: LogTimeMs,
      live: LiveStreams,
      presence: PresenceRooms,
      config: Config,
      context: ConnectionContext,
    ) => {
      const ports = { handshake, store, publishing: { log, timeMs }, subscriptions: { live }, presence };
      return new SessionOpener(ports, config.streams, config.pod, context);
    },
  },
  {
    provide: ConnectionsLifecycle,
    inject: [OpenConnections, SESSION_STORE, REDIS_SUBSCRIBER, RedisKeys, PresenceRooms, CONFIG, CONNECTION_CONTEXT],
    useFactory: (
      open: OpenConnections,
      store: SessionStore,
      subscriber: RedisSubscriber,
      keys: RedisKeys,
      presence: PresenceRooms,
      config: Config,
      { clock, logger, unanswered }: ConnectionContext,
    ) =>
      new ConnectionsLifecycle(
        new Heartbeat(() => open.all(), config.connections, clock),
        new SessionKeeper({ store, unanswered, clock, logger }, () => open.all(), config.sessions),
        subscriber,
        keys,
        presence,
      ),
  },
];

/** The gateway; who may come in is decided by the module that is given (it provides ADMISSION_POLICY). */
@Module({})
export class GatewayModule {
  static admittedBy(imports: NonNullable<ModuleMetadata['imports']>): DynamicModule {
    return {
      module: GatewayModule,
      imports: [ConnectionRegistryModule, ...imports],
      providers: [...providers, BatonGateway],
      exports: [CONNECTION_CONTEXT],
    };
  }
}
