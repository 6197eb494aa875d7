import { connect, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { CONNECT_PATH, SUBPROTOCOL } from '../../../src/protocol/frames.js';
import { eventually } from '../eventually.js';
import { closing, json } from './frame-bytes.js';

/** What a browser sends; `Host` and the key are anybody's. */
export const handshakeLines: readonly string[] = [
  `GET ${CONNECT_PATH} HTTP/1.1`,
  'Host: baton.test',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: bm90IHRoZSBzYW1wbGUhIQ==',
  `Sec-WebSocket-Protocol: ${SUBPROTOCOL}`,
];
export const asRequest = (lines: readonly string[]): string => `${lines.join('\r\n')}\r\n\r\n`;

/** A TCP connection that sends exactly the bytes it is given, and writes down what it hears as one line a frame. */
export class RawSocket {
  /**
   * `error <code> <about>: <message>`, `<type> <stream>` of other frames, `pong <text>`, `close <code>`, `HTTP <status>
   * <code>` of an answer that is no upgrade, at last `end` or `cut`.
   */
  readonly heard: string[] = [];
  /** The status line and headers of the answer, once they are complete. */
  head: string | null = null;
  /** The last `welcome`. */
  welcome: { readonly session: string; readonly resume: string } | null = null;
  private unread = Buffer.alloc(0);
  private finished = false;
  private saidClose = false;

  private constructor(readonly socket: Socket) {
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      this.unread = Buffer.concat([this.unread, chunk]);
      this.read();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.finish('cut');
    });
    socket.on('end', () => {
      this.finish(this.heard.at(-1)?.startsWith('close') === true ? 'end' : 'cut');
    });
  }

  /** Connected, nothing said. */
  static connect(port: number): RawSocket {
    return new RawSocket(connect(port, '127.0.0.1'));
  }

  /** After the handshake. */
  static async open(port: number): Promise<RawSocket> {
    const raw = RawSocket.connect(port);
    raw.socket.write(asRequest(handshakeLines));
    await eventually('the upgrade', () => raw.upgraded, { everyMs: 2 });
    raw.heard.length = 0;
    return raw;
  }

  /** With a session of its own; what was heard until then is forgotten. */
  static async join(port: number, token: string): Promise<RawSocket> {
    const raw = await RawSocket.open(port);
    raw.socket.write(json({ type: 'hello', attempt: 1, token, publisher: 'raw', streams: {}, can: [], hops: 0 }));
    await raw.until('welcome');
    raw.heard.length = 0;
    return raw;
  }

  get over(): boolean {
    return this.finished;
  }

  async until(line: string): Promise<void> {
    await eventually(
      () => `"${line}"; heard: ${this.heard.slice(-5).join(' | ')}`,
      () => this.heard.includes(line),
      { everyMs: 2 },
    );
  }

  /** Each buffer in a write of its own. Whoever was told to close says no more. */
  async write(pieces: readonly Buffer[]): Promise<void> {
    for (const piece of pieces) {
      if (this.heard.at(-1)?.startsWith('close') === true || this.finished) return;
      if (this.socket.write(piece)) await turn();
      else await eventually('room to write', () => this.socket.writableLength === 0 || this.finished, { everyMs: 1 });
    }
  }

  /** Closes, unless that is what the other side has begun; resolves with all that was heard, to the end. */
  async leave(): Promise<readonly string[]> {
    if (!this.upgraded) {
      this.socket.destroy();
      return this.heard;
    }
    if (!this.saidClose && !this.finished) this.sayClose();
    await eventually(
      () => `the other side to end; heard: ${this.heard.slice(-5).join(' | ')}`,
      () => this.finished,
      { everyMs: 2 },
    );
    this.socket.destroy();
    return this.heard;
  }

  /** A close frame of the test's own was among what it wrote: `leave` sends no other. */
  hasSaidClose(): void {
    this.saidClose = true;
  }

  private sayClose(): void {
    this.saidClose = true;
    this.socket.write(closing(1000));
  }

  private finish(how: 'end' | 'cut'): void {
    if (this.finished) return;
    this.finished = true;
    // Whoever never spoke WebSocket has nothing to close it by.
    this.heard.push(this.upgraded ? how : 'end');
    this.socket.end();
  }

  private read(): void {
    while (!this.upgraded) if (!this.readAnswer()) return;
    while (this.readFrame());
  }

  get upgraded(): boolean {
    return this.head?.startsWith('HTTP/1.1 101 ') === true;
  }

  /** False if the answer isn't complete yet. */
  private readAnswer(): boolean {
    const end = this.unread.indexOf('\r\n\r\n');
    if (end < 0) return false;
    const head = this.unread.toString('latin1', 0, end);
    const status = head.split(' ')[1] ?? '';
    const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
    if (this.unread.length < end + 4 + length) return false;
    const body = this.unread.toString('utf8', end + 4, end + 4 + length);
    this.unread = this.unread.subarray(end + 4 + length);
    this.head = head;
    const [, code] = /"error":\{"code":"([a-z-]+)"/.exec(body) ?? [];
    this.heard.push(code === undefined ? `HTTP ${status}` : `HTTP ${status} ${code}`);
    return true;
  }

  /** False if the frame isn't complete yet. */
  private readFrame(): boolean {
    const [first, second] = this.unread;
    if (first === undefined || second === undefined) return false;
    const short = second & 0x7f;
    const start = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (this.unread.length < start) return false;
    const length = short < 126 ? short : short === 126 ? this.unread.readUInt16BE(2) : this.unread.readUInt32BE(6);
    if (this.unread.length < start + length) return false;
    const payload = this.unread.subarray(start, start + length);
    this.unread = this.unread.subarray(start + length);
    const shortest = length < 126 ? 2 : length < 65_536 ? 4 : 10;
    if (payload.includes('"type":"welcome"')) this.welcome = JSON.parse(payload.toString()) as typeof this.welcome;
    this.heard.push(second > 127 || start !== shortest ? 'no frame of a server' : lineOf(first, payload));
    return true;
  }
}

interface TextFrame {
  readonly type: string;
  readonly code?: string;
  readonly message?: string;
  readonly stream?: string;
  readonly channel?: string;
  readonly seq?: number;
  readonly reason?: string;
}

function lineOfText({ type, code, message, stream, channel, seq, reason }: TextFrame): string {
  const about = [type, code, stream, channel, seq, reason].filter((part) => part !== undefined).join(' ');
  return message === undefined ? about : `${about}: ${message}`;
}

/** Servers send whole frames without reserved bits: text, pong and close. */
function lineOf(first: number, payload: Buffer): string {
  switch (first) {
    case 0x81: {
      return lineOfText(JSON.parse(payload.toString()) as TextFrame);
    }
    case 0x8a:
      return `pong ${payload.toString('latin1')}`;
    case 0x88:
      return payload.length < 2 ? 'close' : `close ${payload.readUInt16BE()}`;
    default:
      return `no frame of a server: ${first.toString(16)}`;
  }
}
