import { FrameError, parseClientFrame } from '../protocol/codec.js';
import type { ClientFrame } from '../protocol/frames.js';
import type { Connection } from './connection.js';
import { admitFrame } from './frame-gate.js';
import type { RateGuard } from './rate-guard.js';

/** Stands for a frame that could not be read: it takes its turn like the others, so that answers keep their order. */
export interface UnreadableFrame {
  readonly type: 'unreadable';
  readonly error: FrameError;
}

/** What a gateway method is called with: frames of all sockets come through one Nest client (see BatonWsAdapter). */
export interface Received<Frame extends ClientFrame = ClientFrame> {
  readonly connection: Connection;
  readonly frame: Frame;
}
export type FrameHandler = (received: Received) => unknown;

/** From the text of a frame to the gateway's method for its type. */
export class FrameDispatcher {
  private readonly handlers = new Map<string, FrameHandler>();

  constructor(private readonly rates: RateGuard) {}

  handle(type: string, handler: FrameHandler): void {
    this.handlers.set(type, handler);
  }

  /** `bytes`: of the frame as it came. */
  dispatch(connection: Connection, text: string, bytes: number): void {
    // What comes after our close frame, or after `bye`, isn't even parsed.
    if (!connection.alive || connection.saidBye) return;
    const frame = read(text);
    const verdict = admitFrame(connection.state, frame.type);
    if (verdict === 'violation') {
      const what = frame.type === 'unreadable' ? frame.error.message : frame.type;
      connection.close('protocolError', `${what} while ${connection.state}`);
      return;
    }
    if (verdict === 'drop') return;
    // At once: what comes in the same packet is judged by the state after `hello`, not by when its method runs.
    if (frame.type === 'bye') connection.saidBye = true;
    if (frame.type === 'hello') connection.advance('hello');
    else if (!this.rates.take(connection, frame, bytes)) return;
    this.execute(connection, frame);
  }

  /**
   * Nest's way to a method waits for guards and pipes, which a publish doesn't have, and would cost as much as all else
   * that a publish takes here. What can't be read is answered in its turn with them.
   */
  private execute(connection: Connection, frame: ClientFrame | UnreadableFrame): void {
    if (frame.type === 'publish') connection.session?.publisher.publish(frame);
    else if (frame.type === 'unreadable') {
      const { code, message, about } = frame.error;
      connection.send({ type: 'error', code, message, ...about });
    } else this.handlers.get(frame.type)?.({ connection, frame });
  }
}

function read(text: string): ClientFrame | UnreadableFrame {
  try {
    return parseClientFrame(text);
  } catch (error) {
    if (error instanceof FrameError) return { type: 'unreadable', error };
    throw error;
  }
}
