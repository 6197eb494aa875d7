import { FrameError, parseClientFrame } from '../protocol/codec.js';
import type { ClientFrame } from '../protocol/frames.js';
import type { Connection } from './connection.js';
import { admitFrame } from './frame-gate.js';

/** What a gateway method is called with: frames of all sockets come through one Nest client (see BatonWsAdapter). */
export interface Received<Frame extends ClientFrame = ClientFrame> {
  readonly connection: Connection;
  readonly frame: Frame;
}
export type FrameHandler = (received: Received) => unknown;

/** From the text of a frame to the gateway's method for its type, or to an answer that says what is wrong with it. */
export class FrameDispatcher {
  private readonly handlers = new Map<string, FrameHandler>();

  handle(type: string, handler: FrameHandler): void {
    this.handlers.set(type, handler);
  }

  dispatch(connection: Connection, text: string): void {
    const frame = this.parse(connection, text);
    if (!frame) return;
    const verdict = admitFrame(connection.state, frame.type);
    if (verdict === 'violation') {
      connection.close('protocolError', `${frame.type} while ${connection.state}`);
      return;
    }
    if (verdict === 'take') this.handlers.get(frame.type)?.({ connection, frame });
  }

  private parse(connection: Connection, text: string): ClientFrame | null {
    try {
      return parseClientFrame(text);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      if (connection.state === 'open')
        connection.send({ type: 'error', code: error.code, message: error.message, ...error.about });
      else if (connection.state !== 'leaving') connection.close('protocolError', error.message);
      return null;
    }
  }
}
