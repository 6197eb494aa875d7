import type { CloseName } from '../protocol/close-codes.js';
import type { ServerFrame } from '../protocol/frames.js';

/** One socket as messaging sees it: what is written in one event-loop turn leaves in one write. */
export interface FrameWriter {
  /** Answers and control frames: always taken. */
  send(frame: ServerFrame): void;
  /** Complete frames shared with other sockets: never change them. False: the queue is full and nothing was taken. */
  sendShared(frames: Buffer, count: number): boolean;
  /** Runs once the queue has room again. */
  whenDrained(run: () => void): void;
  /** Runs before this turn's write: for answers that are coalesced per turn. */
  beforeWrite(run: () => void): void;
  close(code: CloseName, reason?: string): void;
  /** Stops and restarts reading from the socket: the bound of what a client has under way. */
  pauseReading(): void;
  resumeReading(): void;
}
