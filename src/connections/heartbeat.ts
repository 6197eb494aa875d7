import type { ConnectionsConfig } from '../config/config.js';
import type { Clock, Timer } from '../lib/clock.js';
import type { Connection } from './connection.js';

/** A credential's end is announced this long before. */
const CREDENTIAL_NOTICE_MS = 60_000;

/** One timer for all sockets: pings, dead sockets, missing `hello`s, credentials that run out. */
export class Heartbeat {
  private timer: Timer | null = null;
  private lastTickMs = 0;
  private readonly tickMs: number;
  private readonly noticed = new WeakSet<Connection>();

  constructor(
    private readonly connections: () => Iterable<Connection>,
    private readonly config: ConnectionsConfig,
    private readonly clock: Clock,
  ) {
    this.tickMs = Math.max(10, Math.min(1_000, Math.min(config.pingMs, config.helloTimeoutMs) / 10));
  }

  start(): void {
    this.lastTickMs = this.clock.monotonic();
    this.timer = this.clock.every(this.tickMs, () => {
      this.tick();
    });
  }
  stop(): void {
    this.timer?.cancel();
    this.timer = null;
  }

  tick(): void {
    const now = this.clock.monotonic();
    // After a pause of the whole process what clients sent meanwhile is still unread: nobody is dead because of it.
    const paused = now - this.lastTickMs > this.config.pingMs;
    this.lastTickMs = now;
    for (const connection of this.connections()) {
      if (paused) connection.lastSeenMs = now;
      this.check(connection, now);
    }
  }

  private check(connection: Connection, now: number): void {
    const silentMs = now - connection.lastSeenMs;
    if (connection.state === 'awaiting-hello') {
      if (silentMs > this.config.helloTimeoutMs) connection.close('helloTimeout');
      return;
    }
    if (silentMs > 2 * this.config.pingMs + this.tickMs) {
      connection.terminate();
      return;
    }
    this.checkCredential(connection);
    if (now < connection.pingDueMs) return;
    connection.pingDueMs = now + this.config.pingMs * (0.8 + 0.2 * Math.random());
    connection.owesPong = true;
    connection.send({ type: 'ping' });
  }

  private checkCredential(connection: Connection): void {
    if (connection.state !== 'open' || !connection.session) return;
    const leftMs = connection.session.row.credentialExpiresAtMs - this.clock.now();
    if (leftMs <= 0) connection.close('badCredential', 'credential expired');
    else if (leftMs > CREDENTIAL_NOTICE_MS) this.noticed.delete(connection);
    else if (!this.noticed.has(connection)) {
      this.noticed.add(connection);
      connection.send({ type: 'credential', expiresInMs: leftMs });
    }
  }
}
