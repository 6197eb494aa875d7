import type { Socket } from 'node:net';
import { frameText } from '../streams/framing.js';
import type { Flushable, TurnFlusher } from './turn-flusher.js';

/**
 * What waits to be written to one socket. Frames go straight to the TCP socket, beside the WebSocket library, because
 * the same buffer is written to every recipient; the library is told nothing of it, and without compression it writes
 * its own frames (close) in order with ours.
 */
export class Outbox implements Flushable {
  private waiting: Buffer[] = [];
  private waitingBytes = 0;
  private scheduled = false;
  private beforeWrites: (() => void)[] = [];
  private drains: (() => void)[] = [];
  private ended = false;

  constructor(
    private readonly socket: Socket,
    private readonly flusher: TurnFlusher,
    private readonly maxBytes: number,
    private readonly onOverflow: () => void,
  ) {}

  /** Bytes that the kernel hasn't taken yet. */
  get bytes(): number {
    return this.waitingBytes + this.socket.writableLength;
  }

  /** Control frames are always taken; a client that doesn't read even those (twice the bound) is cut. */
  pushText(text: string): void {
    if (this.ended) return;
    this.enqueue(frameText(text));
    if (this.bytes > 2 * this.maxBytes) this.onOverflow();
  }

  pushShared(frames: Buffer): boolean {
    if (this.ended) return true;
    if (this.bytes > 0 && this.bytes + frames.length > this.maxBytes) return false;
    this.enqueue(frames);
    return true;
  }

  beforeWrite(run: () => void): void {
    this.beforeWrites.push(run);
    this.schedule();
  }

  /** Runs once half of the bound is free. */
  whenDrained(run: () => void): void {
    if (this.drains.length === 0) this.socket.on('drain', this.drained);
    this.drains.push(run);
    this.schedule();
  }

  flush(): void {
    this.scheduled = false;
    const runs = this.beforeWrites;
    this.beforeWrites = [];
    for (const run of runs) run();
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
    this.waiting = [];
    this.waitingBytes = 0;
    this.beforeWrites = [];
    this.drains = [];
    this.socket.off('drain', this.drained);
  }

  private enqueue(buffer: Buffer): void {
    this.waiting.push(buffer);
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
    if (buffers.length === 0 || this.socket.destroyed) return;
    this.waiting = [];
    this.waitingBytes = 0;
    const [only] = buffers;
    if (buffers.length === 1 && only) {
      this.socket.write(only);
      return;
    }
    this.socket.cork();
    for (const buffer of buffers) this.socket.write(buffer);
    this.socket.uncork();
  }

  private readonly drained = (): void => {
    if (this.drains.length === 0 || this.bytes > this.maxBytes / 2) return;
    const runs = this.drains;
    this.drains = [];
    this.socket.off('drain', this.drained);
    for (const run of runs) run();
  };
}
