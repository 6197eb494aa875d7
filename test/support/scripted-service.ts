import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import { parseClientFrame } from '../../src/protocol/codec.js';
import {
  SUBPROTOCOL,
  type ClientFrame,
  type ClientFrameType,
  type HelloFrame,
  type ServerFrame,
} from '../../src/protocol/frames.js';
import { asSessionId } from '../../src/protocol/ids.js';
import { eventually } from './eventually.js';

type FrameOf<Type extends ClientFrameType> = Extract<ClientFrame, { readonly type: Type }>;

/** A service that does only what a test tells it to: for what real pods can't easily be brought to do. */
export class ScriptedService {
  readonly connections: ScriptedConnection[] = [];

  private constructor(private readonly server: WebSocketServer) {
    server.on('connection', (socket) => this.connections.push(new ScriptedConnection(socket)));
  }

  static async start(): Promise<ScriptedService> {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => SUBPROTOCOL });
    await once(server, 'listening');
    return new ScriptedService(server);
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** The n-th connection from 1, once its `hello` is there. */
  async connection(n: number): Promise<ScriptedConnection> {
    return eventually(`connection ${n} to say hello (there are ${this.connections.length})`, () => {
      const connection = this.connections[n - 1];
      return connection?.frames[0]?.type === 'hello' ? connection : null;
    });
  }

  async stop(): Promise<void> {
    for (const client of this.server.clients) client.terminate();
    this.server.close();
    await once(this.server, 'close');
  }
}

export class ScriptedConnection {
  readonly frames: ClientFrame[] = [];
  /** The close code that the client sent, or 1006. */
  closedWith: number | null = null;
  #seen = 1;

  constructor(private readonly socket: WebSocket) {
    socket.on('message', (data: Buffer) => this.frames.push(parseClientFrame(data.toString())));
    socket.on('close', (code) => {
      this.closedWith = code;
    });
    socket.on('error', () => undefined);
  }

  get hello(): HelloFrame {
    const [hello] = this.frames;
    if (hello?.type !== 'hello') throw new Error('no hello yet');
    return hello;
  }

  send(...frames: readonly ServerFrame[]): void {
    for (const frame of frames) this.socket.send(JSON.stringify(frame));
  }

  sendText(text: string): void {
    this.socket.send(text);
  }

  welcome(session = 'S', pod = 'pod-a'): void {
    this.send({
      type: 'welcome',
      session: asSessionId(session),
      resume: `resume-${session}`,
      resumed: this.hello.session !== undefined,
      window: { seconds: 600, messages: 1_000, bytes: 1_048_576 },
      pingSeconds: 25,
      pod,
      revision: 'r1',
    });
  }

  close(code: number, reason = ''): void {
    this.socket.close(code, reason);
  }

  /** As when the process is killed. */
  terminate(): void {
    this.socket.terminate();
  }

  /** The next frame of this type that no earlier `next` returned, after `hello`; frames before it are passed over. */
  async next<Type extends ClientFrameType>(type: Type): Promise<FrameOf<Type>> {
    const why = () => `a ${type} frame; since the last one: ${JSON.stringify(this.frames.slice(this.#seen))}`;
    return eventually(why, () => {
      const index = this.frames.findIndex((frame, at) => at >= this.#seen && frame.type === type);
      if (index < 0) return null;
      this.#seen = index + 1;
      return this.frames[index] as FrameOf<Type>;
    });
  }

  async closed(): Promise<number> {
    await eventually('the client to close the connection', () => this.closedWith !== null);
    return this.closedWith ?? 0;
  }
}
