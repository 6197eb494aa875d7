import { type BeforeApplicationShutdown, Inject, Module } from '@nestjs/common';
import type { Config } from '../config/config.js';
import { CLOCK, CONFIG } from '../config/tokens.js';
import { ADMISSION_POLICY } from '../connections/admission.js';
import { CONNECTION_REGISTRY, type ConnectionRegistry } from '../connections/connection-registry.js';
import { ConnectionRegistryModule } from '../connections/connection-registry.module.js';
import { FLEET, type Fleet } from '../fleet/fleet.js';
import { noOrchestrator, ORCHESTRATOR, type Orchestrator } from '../fleet/orchestrator.js';
import { PeerPicker } from '../fleet/peer-picker.js';
import type { Clock } from '../lib/clock.js';
import { LOGGER, type Logger } from '../observability/logger.js';
import { DrainAdmission } from './drain-admission.js';
import { DrainCoordinator } from './drain-coordinator.js';
import type { DrainPorts } from './hand-over.js';
import { PACE_BUCKET, type PaceBucket } from './pace.js';

const DRAIN_PORTS = Symbol('DrainPorts');

/** From SIGTERM to nobody left, and who may come in meanwhile. */
@Module({
  imports: [ConnectionRegistryModule],
  providers: [
    {
      provide: DRAIN_PORTS,
      inject: [FLEET, PeerPicker, CONNECTION_REGISTRY, PACE_BUCKET, { token: ORCHESTRATOR, optional: true }],
      useFactory: (
        fleet: Fleet,
        peers: PeerPicker,
        connections: ConnectionRegistry,
        pace: PaceBucket,
        orchestrator: Orchestrator = noOrchestrator,
      ): DrainPorts => ({ fleet, peers, connections, pace, orchestrator }),
    },
    {
      provide: DrainCoordinator,
      inject: [CONFIG, DRAIN_PORTS, CLOCK, LOGGER],
      useFactory: ({ drain }: Config, ports: DrainPorts, clock: Clock, logger: Logger) =>
        new DrainCoordinator(drain, ports, clock, logger),
    },
    {
      provide: ADMISSION_POLICY,
      inject: [DrainCoordinator, DRAIN_PORTS, CONFIG],
      useFactory: (drain: DrainCoordinator, ports: DrainPorts, { connections }: Config) =>
        new DrainAdmission(drain, ports, connections.capacity),
    },
  ],
  exports: [DrainCoordinator, ADMISSION_POLICY],
})
export class DrainingModule implements BeforeApplicationShutdown {
  constructor(
    private readonly drain: DrainCoordinator,
    @Inject(FLEET) private readonly fleet: Fleet,
    @Inject(CONNECTION_REGISTRY) connections: ConnectionRegistry,
  ) {
    fleet.countConnections(() => connections.size);
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.drain.shutdown();
    await this.fleet.leave();
  }
}
