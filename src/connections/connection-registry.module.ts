import { Module } from '@nestjs/common';
import { CONNECTION_REGISTRY } from './connection-registry.js';
import { OpenConnections } from './open-connections.js';

/** The sockets of this pod, for everybody who counts or moves them. */
@Module({
  providers: [OpenConnections, { provide: CONNECTION_REGISTRY, useExisting: OpenConnections }],
  exports: [OpenConnections, CONNECTION_REGISTRY],
})
export class ConnectionRegistryModule {}
