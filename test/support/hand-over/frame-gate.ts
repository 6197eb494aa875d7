import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { FrameReader } from './frame-reader.js';

/** What goes through a gate: `open` is the answer to the upgrade, `close` a close frame, else it is a frame's `type`. */
export interface Passing {
  readonly way: 'to-pod' | 'to-client';
  readonly type: string;
  readonly text: string;
}

/** pass: it goes on. hold: neither it nor anything after it that way does, until `release`; nothing is closed. */
export type Verdict = 'pass' | 'hold';

/** A TCP proxy between clients and one pod that knows the frames going through it, and can stop at any of them. */
export class FrameGate {
  /** Asked about everything that goes through, on all connections; it may also cut or close the gate. */
  judge: (passing: Passing) => Verdict = () => 'pass';
  private readonly sockets = new Set<Socket>();
  private releases: (() => void)[] = [];
  private shut = false;

  private constructor(
    private readonly server: Server,
    private readonly podPort: () => number,
  ) {
    server.on('connection', (client) => {
      this.pass(client);
    });
  }

  /** The pod's port may be told later, so that the pod can advertise the gate. */
  static async start(podPort: () => number): Promise<FrameGate> {
    const server = createServer({ noDelay: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new FrameGate(server, podPort);
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** What was held arrives now, late, also if its sender has gone meanwhile. */
  release(): void {
    for (const release of this.releases.splice(0)) release();
  }
  /** Whoever is connected is cut; the pod and its clients learn it at once. */
  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }
  /** ... and nobody comes in again, as if the pod were gone. */
  close(): void {
    if (this.shut) return;
    this.shut = true;
    this.server.close();
    this.cut();
  }

  private pass(client: Socket): void {
    const pod = connect({ host: '127.0.0.1', port: this.podPort(), noDelay: true });
    this.forward(client, pod, 'to-pod');
    this.forward(pod, client, 'to-client');
  }

  private forward(from: Socket, to: Socket, way: Passing['way']): void {
    this.sockets.add(from);
    const reader = new FrameReader();
    let held: Buffer[] | null = null;
    from.on('data', (bytes) => {
      for (const { bytes: part, type, text } of reader.read(bytes)) {
        if (held === null && this.judge({ way, type, text }) === 'hold') {
          held = [];
          this.releases.push(() => {
            const late = held ?? [];
            held = null;
            for (const one of late) to.write(one);
            if (from.destroyed) to.end();
          });
        }
        if (held !== null) held.push(part);
        else if (!to.destroyed) to.write(part);
      }
    });
    from.on('error', () => undefined);
    from.on('close', () => {
      this.sockets.delete(from);
      if (held === null) to.destroy();
    });
  }
}
