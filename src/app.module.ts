import { Module, type DynamicModule, type Type } from '@nestjs/common';
import { AuthModule } from './auth/auth.module.js';
import type { Config } from './config/config.js';
import { ConfigModule } from './config/config.module.js';
import { GatewayModule } from './connections/gateway.module.js';
import { DrainingModule } from './draining/draining.module.js';
import { FleetModule } from './fleet/fleet.module.js';
import { HealthModule } from './http/health.module.js';
import { HttpApiModule } from './http/http-api.module.js';
import type { LogDestination } from './observability/logger.js';
import { ObservabilityModule } from './observability/observability.module.js';
import { SessionsModule } from './sessions/sessions.module.js';
import { StreamsModule } from './streams/streams.module.js';
import { WebhooksModule } from './webhooks/webhooks.module.js';

/** The composition root: the rooms, from the ground up, and what some need of others. */
@Module({})
export class AppModule {
  static async of(config: Config, logTo?: LogDestination): Promise<DynamicModule> {
    return {
      module: AppModule,
      imports: [
        ConfigModule.of(config),
        ObservabilityModule.writingTo(logTo),
        await storageOf(config),
        AuthModule,
        StreamsModule,
        SessionsModule,
        FleetModule,
        DrainingModule,
        GatewayModule.admittedBy([DrainingModule]),
        HttpApiModule,
        HealthModule,
        ...(config.webhooks.file === null ? [] : [WebhooksModule]),
        ...(await kubernetesOf(config)),
      ],
    };
  }
}

/** A pod that isn't to ask the API server doesn't even load what would. */
async function kubernetesOf({ kubernetes }: Config): Promise<readonly Type[]> {
  return kubernetes.enabled === 'true' ? [(await import('./kubernetes/kubernetes.module.js')).KubernetesModule] : [];
}

/** Only one of the two is loaded: memory does without ioredis, and a pod of production without the twins. */
async function storageOf({ storage }: Config): Promise<Type> {
  return storage === 'memory'
    ? (await import('./memory-storage.module.js')).MemoryStorageModule
    : (await import('./redis-storage.module.js')).RedisStorageModule;
}
