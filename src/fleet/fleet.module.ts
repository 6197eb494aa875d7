import { Global, Inject, Module, type OnApplicationBootstrap } from '@nestjs/common';
import type { Config } from '../config/config.js';
import { CLOCK, CONFIG } from '../config/tokens.js';
import type { Clock } from '../lib/clock.js';
import { randomId } from '../lib/random-id.js';
import { LOGGER, type Logger } from '../observability/logger.js';
import { asPodId } from '../protocol/ids.js';
import { SUBPROTOCOL } from '../protocol/frames.js';
import { BeatingFleet } from './beating-fleet.js';
import { FLEET_TABLE, type FleetTableOf } from './fleet-table.js';
import { FLEET } from './fleet.js';
import { ORCHESTRATOR, type Orchestrator } from './orchestrator.js';
import { PeerPicker } from './peer-picker.js';

/** Starts beating when the application has been put together; draining/ makes it leave. */
@Global()
@Module({
  providers: [
    {
      provide: FLEET,
      inject: [CONFIG, FLEET_TABLE, CLOCK, LOGGER],
      useFactory: ({ pod, connections, server }: Config, tableOf: FleetTableOf, clock: Clock, logger: Logger) => {
        const id = asPodId(randomId());
        const identity = {
          pod: id,
          name: pod.name,
          workload: pod.workload,
          revision: pod.revision,
          capacity: connections.capacity,
          url: pod.advertisedUrl,
          probeUrl: pod.ip === null ? null : probeUrl(pod.ip, server.healthPort),
          protocols: [SUBPROTOCOL],
        };
        return new BeatingFleet(tableOf(id), { identity, beatMs: pod.beatMs }, clock, logger);
      },
    },
    {
      provide: PeerPicker,
      inject: [FLEET, CONFIG, { token: ORCHESTRATOR, optional: true }],
      useFactory: (fleet: BeatingFleet, { drain }: Config, orchestrator?: Orchestrator) =>
        new PeerPicker(fleet, drain.peerReadyMs, orchestrator),
    },
  ],
  exports: [FLEET, PeerPicker],
})
export class FleetModule implements OnApplicationBootstrap {
  constructor(@Inject(FLEET) private readonly fleet: BeatingFleet) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.fleet.start();
  }
}

const probeUrl = (ip: string, port: number): string => `http://${ip.includes(':') ? `[${ip}]` : ip}:${port}`;
