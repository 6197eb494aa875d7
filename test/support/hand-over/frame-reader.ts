export interface ReadFrame {
  /** As they came: what has to be passed on. */
  readonly bytes: Buffer;
  /** `open` for the HTTP head, `close`, `control` for pings and pongs of WebSocket, else the frame's `type`. */
  readonly type: string;
  readonly text: string;
}

const CLOSE = 8;
const MASKED = 0x80;

/** Cuts one direction of an uncompressed WebSocket into its HTTP head and its frames. Fragments aren't put together. */
export class FrameReader {
  private rest = Buffer.alloc(0);
  private headRead = false;

  /** Everything that is complete with these bytes. */
  read(bytes: Buffer): readonly ReadFrame[] {
    this.rest = Buffer.concat([this.rest, bytes]);
    const found: ReadFrame[] = [];
    for (let next = this.next(); next !== null; next = this.next()) found.push(next);
    return found;
  }

  private next(): ReadFrame | null {
    if (this.headRead) return this.nextFrame();
    const end = this.rest.indexOf('\r\n\r\n');
    if (end < 0) return null;
    this.headRead = true;
    const head = this.take(end + 4);
    return { bytes: head, type: 'open', text: head.toString('latin1') };
  }

  private nextFrame(): ReadFrame | null {
    if (this.rest.length < 2) return null;
    const opcode = (this.rest[0] ?? 0) & 0x0f;
    const second = this.rest[1] ?? 0;
    const short = second & 0x7f;
    const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0;
    if (this.rest.length < 2 + lengthBytes) return null;
    const length =
      lengthBytes === 0 ? short : this.rest.readUIntBE(lengthBytes === 8 ? 4 : 2, lengthBytes === 8 ? 6 : 2);
    const maskBytes = (second & MASKED) === 0 ? 0 : 4;
    const start = 2 + lengthBytes + maskBytes;
    if (this.rest.length < start + length) return null;
    const mask = this.rest.subarray(start - maskBytes, start);
    const bytes = this.take(start + length);
    const text = unmasked(bytes.subarray(start), mask).toString();
    return { bytes, type: typeOf(opcode, text), text };
  }

  private take(length: number): Buffer {
    const taken = this.rest.subarray(0, length);
    this.rest = this.rest.subarray(length);
    return taken;
  }
}

function unmasked(payload: Buffer, mask: Buffer): Buffer {
  if (mask.length === 0) return payload;
  return Buffer.from(payload.map((byte, index) => byte ^ (mask[index % 4] ?? 0)));
}

function typeOf(opcode: number, text: string): string {
  if (opcode === CLOSE) return 'close';
  if (opcode > CLOSE) return 'control';
  return (JSON.parse(text) as { readonly type: string }).type;
}
