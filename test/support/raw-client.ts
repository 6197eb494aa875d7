import { WebSocket } from 'ws';
import type { ServerFrame, ServerFrameType } from '../../src/protocol/frames.js';
import { SUBPROTOCOL } from '../../src/protocol/frames.js';
import { eventually } from './eventually.js';

type FrameOf<Type extends ServerFrameType> = Extract<ServerFrame, { readonly type: Type }>;

/** A client without any behaviour of its own: sends what a test says, keeps what comes, in order. */
export class RawClient {
  readonly frames: ServerFrame[] = [];
  closed: { readonly code: number; readonly reason: string } | null = null;
  private seen = 0;

  private constructor(private readonly ws: WebSocket) {
    ws.on('message', (data: Buffer) => {
      this.frames.push(JSON.parse(data.toString()) as ServerFrame);
    });
    ws.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString() };
    });
    ws.on('error', () => undefined);
  }

  static async open(url: string, headers: Readonly<Record<string, string>> = {}): Promise<RawClient> {
    const client = new RawClient(new WebSocket(url, SUBPROTOCOL, { headers, perMessageDeflate: false }));
    await eventually(`the socket to ${url} to open`, () => client.ws.readyState === WebSocket.OPEN, { everyMs: 2 });
    return client;
  }

  send(...frames: readonly object[]): void {
    for (const frame of frames) this.ws.send(JSON.stringify(frame));
  }
  sendRaw(data: string | Buffer): void {
    this.ws.send(data);
  }
  /** Stops and restarts reading from the socket: a slow reader. */
  pause(): void {
    this.ws.pause();
  }
  resume(): void {
    this.ws.resume();
  }

  /** The next frame of this type that no earlier `next` returned; frames of other types are passed over. */
  async next<Type extends ServerFrameType>(type: Type): Promise<FrameOf<Type>> {
    return eventually(
      () => `a ${type} frame; since the last one: ${JSON.stringify(this.frames.slice(this.seen)).slice(0, 600)}`,
      () => {
        const index = this.frames.findIndex((frame, at) => at >= this.seen && frame.type === type);
        if (index < 0) return null;
        this.seen = index + 1;
        return this.frames[index] as FrameOf<Type>;
      },
      { everyMs: 2 },
    );
  }

  of<Type extends ServerFrameType>(type: Type): readonly FrameOf<Type>[] {
    return this.frames.filter((frame): frame is FrameOf<Type> => frame.type === type);
  }

  async close(): Promise<{ readonly code: number; readonly reason: string }> {
    return eventually('the socket to close', () => this.closed);
  }
  /** Ends the TCP connection without a closing handshake. */
  terminate(): void {
    this.ws.terminate();
  }
}
