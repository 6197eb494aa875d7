import { encodeMessage } from '../protocol/codec.js';
import type { StreamName } from '../protocol/stream-name.js';
import type { Entry } from './stream-log.js';

/**
 * A complete WebSocket text frame from server to client (FIN, opcode 1, unmasked) in one buffer: written as it is to
 * every recipient's socket.
 */
export function frameText(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const header = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const frame = Buffer.allocUnsafe(header + length);
  frame[0] = 0x81;
  if (header === 2) frame[1] = length;
  else if (header === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  frame.write(text, header);
  return frame;
}

/** The frames of these entries in one buffer, for every socket that knows the stream by this name. */
export function frameMessages(stream: StreamName, entries: readonly Entry[]): Buffer {
  const frames = entries.map(({ offset, id, prev, data }) => frameText(encodeMessage(stream, offset, id, prev, data)));
  const [only] = frames;
  return frames.length === 1 && only ? only : Buffer.concat(frames);
}
