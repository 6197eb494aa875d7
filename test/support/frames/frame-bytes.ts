/** Opcodes of RFC 6455, section 5.2. */
export const CONTINUATION = 0;
export const TEXT = 1;
export const BINARY = 2;
export const CLOSE = 8;
export const PING = 9;
export const PONG = 10;

export interface FrameShape {
  /** Default true. */
  readonly fin?: boolean;
  /** The three reserved bits as a number, RSV1 the highest. */
  readonly rsv?: number;
  /** Default true: a client masks. */
  readonly masked?: boolean;
  /** What the header claims instead of the payload's own length. */
  readonly claims?: bigint;
}

const KEY = Buffer.from([0x9d, 0x04, 0xe2, 0x5b]);

/** One frame as a client sends it, or as no client should. */
export function frame(opcode: number, payload: Buffer | string = '', shape: FrameShape = {}): Buffer {
  const { fin = true, rsv = 0, masked = true } = shape;
  const bytes = Buffer.from(payload);
  const first = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
  const length = lengthField(shape.claims ?? BigInt(bytes.length), masked);
  if (!masked) return Buffer.concat([Buffer.from([first]), length, bytes]);
  for (let index = 0; index < bytes.length; index += 1) bytes[index] = (bytes[index] ?? 0) ^ (KEY[index % 4] ?? 0);
  return Buffer.concat([Buffer.from([first]), length, KEY, bytes]);
}

function lengthField(length: bigint, masked: boolean): Buffer {
  const bit = masked ? 0x80 : 0;
  if (length < 126n) return Buffer.from([bit | Number(length)]);
  const field = Buffer.alloc(length < 65_536n ? 3 : 9);
  field[0] = bit | (length < 65_536n ? 126 : 127);
  if (length < 65_536n) field.writeUInt16BE(Number(length), 1);
  else field.writeBigUInt64BE(length, 1);
  return field;
}

export const text = (payload: Buffer | string): Buffer => frame(TEXT, payload);
export const json = (value: unknown): Buffer => text(JSON.stringify(value));

/** A close frame: nothing, or a code and whatever follows it. */
export function closing(code?: number, reason: Buffer | string = ''): Buffer {
  if (code === undefined) return frame(CLOSE, Buffer.from(reason));
  const head = Buffer.alloc(2);
  head.writeUInt16BE(code);
  return frame(CLOSE, Buffer.concat([head, Buffer.from(reason)]));
}

/** One message in fragments of this size. */
export function fragments(opcode: number, payload: Buffer, size: number): readonly Buffer[] {
  const parts = chopped(payload, size);
  return parts.map((part, index) =>
    frame(index === 0 ? opcode : CONTINUATION, part, { fin: index === parts.length - 1 }),
  );
}

/** The same bytes in pieces, as a network may deliver them. */
export function chopped(bytes: Buffer, size: number): readonly Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  );
}
