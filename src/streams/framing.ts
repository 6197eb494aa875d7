import { encodeMessage } from '../protocol/codec.js';
import type { StreamName } from '../protocol/stream-name.js';
import type { Entry } from './stream-log.js';

/**
 * A complete WebSocket text frame from server to client (FIN, opcode 1, unmasked) in one buffer: written as it is to
 * every recipient's socket.
 */
export function frameText(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const frame = Buffer.allocUnsafe(headerBytes(length) + length);
  writeFrame(frame, 0, text, length);
  return frame;
}

/** The frames of these entries in one buffer, for every socket that knows the stream by this name. */
export function frameMessages(stream: StreamName, entries: readonly Entry[]): Buffer {
  const texts = entries.map(({ offset, id, prev, data }) => encodeMessage(stream, offset, id, prev, data));
  const lengths = texts.map((text) => Buffer.byteLength(text));
  const frames = Buffer.allocUnsafe(lengths.reduce((sum, length) => sum + headerBytes(length) + length, 0));
  let at = 0;
  texts.forEach((text, index) => {
    at = writeFrame(frames, at, text, lengths[index] ?? 0);
  });
  return frames;
}

function headerBytes(length: number): number {
  if (length < 126) return 2;
  return length < 65_536 ? 4 : 10;
}

/** Returns where the next frame begins. */
function writeFrame(frames: Buffer, at: number, text: string, length: number): number {
  frames[at] = 0x81;
  if (length < 126) frames[at + 1] = length;
  else if (length < 65_536) {
    frames[at + 1] = 126;
    frames.writeUInt16BE(length, at + 2);
  } else {
    frames[at + 1] = 127;
    frames.writeBigUInt64BE(BigInt(length), at + 2);
  }
  const payload = at + headerBytes(length);
  frames.write(text, payload);
  return payload + length;
}
