import type { Socket } from 'node:net';
import { frameText } from '../streams/framing.js';
import type { Flushable, TurnFlusher } from './turn-flusher.js';

/** Up to here copying buffers together costs less than writing each. */
const COPIED_BYTES = 4_096;

export interface OutboxOwner {
  /** More waits than even control frames may. */
  overflowed(): void;
}

/** What runs once the socket has room again. */
interface Drains {
  readonly runs: (() => void)[];
  readonly listener: () => void;
}

/**
 * What waits to be written to one socket. Frames go straight to the TCP socket, beside the WebSocket library, because
 * the same buffer is written to every recipient; the library is told nothing of it, and without compression it writes
 * its own frames (close) in order with ours.
 */
export class Outbox implements Flushable {
  /** Lists are made when there is something for them, and go with it: nearly all sockets are idle nearly always. */
  private waiting: Buffer[] | null = null;
  private waitingBytes = 0;
  private scheduled = false;
  private beforeWrites: (() => void)[] | null = null;
  private drains: Drains | null = null;
  private ended = false;

  constructor(
    private readonly socket: Socket,
    private readonly flusher: TurnFlusher,
    private readonly maxBytes: number,
    private readonly owner: OutboxOwner,
  ) {}

  /** Bytes that the kernel hasn't taken yet. */
  get bytes(): number {
    return this.waitingBytes + this.socket.writableLength;
  }

  /** Control frames are always taken; a client that doesn't read even those (twice the bound) is cut. */
  pushText(text: string): void {
    if (this.ended) return;
    this.enqueue(frameText(text));
    if (this.bytes > 2 * this.maxBytes) this.owner.overflowed();
  }

  pushShared(frames: Buffer): boolean {
    if (this.ended) return true;
    if (this.bytes > 0 && this.bytes + frames.length > this.maxBytes) return false;
    this.enqueue(frames);
    return true;
  }

  beforeWrite(run: () => void): void {
    (this.beforeWrites ??= []).push(run);
    this.schedule();
  }

  /** Runs once half of the bound is free. */
  whenDrained(run: () => void): void {
    if (this.drains === null) {
      this.drains = { runs: [], listener: () => this.drained() };
      this.socket.on('drain', this.drains.listener);
    }
    this.drains.runs.push(run);
    this.schedule();
  }

  flush(): void {
    this.scheduled = false;
    const runs = this.beforeWrites;
    this.beforeWrites = null;
    if (runs) for (const run of runs) run();
    this.scheduled = false;
    this.write();
    this.drained();
  }

  /** Writes what is there and takes nothing more. */
  end(): void {
    if (this.ended) return;
    this.flush();
    this.discard();
  }

  /** The socket is gone. */
  discard(): void {
    this.ended = true;
    this.waiting = null;
    this.waitingBytes = 0;
    this.beforeWrites = null;
    this.takeDrains();
  }

  private enqueue(buffer: Buffer): void {
    (this.waiting ??= []).push(buffer);
    this.waitingBytes += buffer.length;
    this.schedule();
  }

  private schedule(): void {
    if (this.scheduled || this.ended) return;
    this.scheduled = true;
    this.flusher.add(this);
  }

  private write(): void {
    const buffers = this.waiting;
    if (buffers === null || this.socket.destroyed) return;
    const bytes = this.waitingBytes;
    this.waiting = null;
    this.waitingBytes = 0;
    const [only] = buffers;
    if (buffers.length === 1 && only) this.socket.write(only);
    else if (bytes <= COPIED_BYTES) this.socket.write(Buffer.concat(buffers, bytes));
    else {
      this.socket.cork();
      for (const buffer of buffers) this.socket.write(buffer);
      this.socket.uncork();
    }
  }

  private drained(): void {
    if (this.drains === null || this.bytes > this.maxBytes / 2) return;
    for (const run of this.takeDrains()) run();
  }

  private takeDrains(): readonly (() => void)[] {
    const drains = this.drains;
    if (drains === null) return [];
    this.drains = null;
    this.socket.off('drain', drains.listener);
    return drains.runs;
  }
}
