import type { Connection } from './connection.js';
import type { ConnectionRegistry, MovableConnection } from './connection-registry.js';

/** The sockets of this pod. */
export class OpenConnections implements ConnectionRegistry {
  private readonly connections = new Set<Connection>();

  get size(): number {
    return this.connections.size;
  }
  get unclaimed(): number {
    let count = 0;
    for (const connection of this.connections) if (connection.session === null) count += 1;
    return count;
  }

  add(connection: Connection): void {
    this.connections.add(connection);
  }

  /** Its socket has closed. */
  remove(connection: Connection): void {
    this.connections.delete(connection);
  }

  all(): Iterable<Connection> {
    return this.connections;
  }

  /** Those whose session is still theirs. */
  *welcomed(): Iterable<MovableConnection> {
    for (const connection of this.connections) if (connection.state === 'open') yield connection;
  }

  closeUnclaimed(): void {
    for (const connection of this.connections) if (connection.session === null) connection.close('drained');
  }
}
