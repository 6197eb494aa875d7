import { nextState, type ConnectionEvent } from '../../../src/connections/connection-state.js';
import { closeCodes, type CloseName } from '../../../src/protocol/close-codes.js';
import {
  asConnectionId,
  asPodId,
  asPublisherId,
  asSessionId,
  asTenantId,
  asUserId,
} from '../../../src/protocol/ids.js';
import type { Position } from '../../../src/protocol/position.js';
import type { StreamName } from '../../../src/protocol/stream-name.js';
import type { Claim } from '../../../src/sessions/session-store.js';
import type { AppendResult, SequencedItem } from '../../../src/streams/stream-log.js';
import { CHANNEL, connectionOf, logOf, memberName, socketName, socketOf } from './names.js';
import { PodStreams } from './pod-streams.js';
import type { Turn } from './turn.js';
import type {
  ClientNumber,
  Heard,
  LogName,
  PodConnection,
  PodNumber,
  Reply,
  SocketName,
  Up,
  AppendLine,
} from './world.js';

const TENANT = asTenantId('t');
const FIELDS = { user: asUserId('u'), grants: [], credentialExpiresAtMs: 1 } as const;
export const IDLE_LINE: AppendLine = { waiting: [], underWay: 0, held: false };

/** One pod in one step. */
export class PodTurn {
  readonly #streams: PodStreams;

  constructor(
    private readonly turn: Turn,
    private readonly number: PodNumber,
  ) {
    this.#streams = new PodStreams(turn, number, (member, log, frame) => {
      const socket = socketOf(member);
      const connection = this.#connection(socket);
      if (connection === undefined) return;
      const stream: StreamName = log === CHANNEL ? CHANNEL : 'session';
      this.turn.toClient(connection.client, connectionOf(socket), { ...frame, stream });
    });
  }

  /** The next frame of a client. */
  read(client: ClientNumber, number: number, frame: Up): void {
    const socket = socketName(client, number);
    if (frame.type === 'hello') {
      this.#hello(client, socket, frame);
      return;
    }
    const connection = this.#connection(socket);
    if (frame.type === 'subscribe' && connection) this.#subscribeAgain(socket, connection, frame);
    if (frame.type === 'publish' && connection?.state === 'open') this.#publish(socket, connection, frame);
  }

  /** The client has closed the socket, and everything that it sent was read. */
  sawClosed(client: ClientNumber, number: number): void {
    this.#end(socketName(client, number), 'closed');
    this.turn.changeSocket(client, number, () => ({ podOpen: false }));
  }

  hear(heard: Heard): void {
    if (heard.kind === 'entry') this.#streams.hear(heard.log, heard.entry);
    else
      for (const [socket, { session, attempt }] of Object.entries(this.turn.pod(this.number).connections))
        if (session === heard.session && heard.attempt > attempt) this.#supersede(socket, heard.attempt);
  }

  answered(reply: Reply): void {
    switch (reply.kind) {
      case 'claim':
        if (reply.check) this.#checked(reply);
        else this.#claimed(reply);
        break;
      case 'append':
        this.#appended(reply.log, reply.results);
        break;
      case 'read':
        this.#streams.answered(reply);
    }
  }

  /** A connection whose session has moved has delivered for long enough. */
  lingered(socket: SocketName): void {
    this.#close(socket, 'moved', String(this.#connection(socket)?.winner ?? 0));
  }

  /** The pair to Redis is given up: handshakes fail, the rest waits for the next pair. */
  pairLost(): void {
    const keeps = this.turn.without('nothing-from-before');
    const { heard } = this.turn.pod(this.number);
    this.turn.changePod(this.number, {
      pair: 'down',
      doubt: false,
      commands: [],
      replies: [],
      heard: keeps ? heard : [],
    });
    for (const [socket, { state }] of Object.entries(this.turn.pod(this.number).connections))
      if (state === 'claiming') this.#close(socket, 'overloaded', '');
  }

  /** Subscribed again everywhere: then every position is checked, then every row; appends are repeated beside or after it. */
  pairFound(): void {
    this.turn.changePod(this.number, { pair: 'up' });
    if (this.turn.scope.repeats === 'before-claims') this.#repeatAppends();
    this.#streams.checkAll();
    if (!this.turn.without('rows-are-claimed-again'))
      for (const [socket, connection] of Object.entries(this.turn.pod(this.number).connections))
        if (connection.state === 'open') this.#claim(socket, connection, true);
    if (this.turn.scope.repeats === 'after-claims') {
      this.#keepLine({ ...this.#line(), underWay: 0, held: true });
      this.#releaseAppends();
    }
  }

  #hello(client: ClientNumber, socket: SocketName, frame: Extract<Up, { type: 'hello' }>): void {
    const session = frame.session ?? `s${client}${socket}`;
    const connection: PodConnection = {
      client,
      session,
      attempt: frame.attempt,
      state: nextState('awaiting-hello', 'hello'),
      winner: 0,
      publisher: frame.publisher,
      hello: frame.streams,
      used: false,
      subscribes: 0,
      isNew: frame.session === null,
    };
    this.#keep(socket, connection);
    if (this.turn.pod(this.number).pair === 'down') this.#close(socket, 'overloaded', '');
    else this.#claim(socket, connection, false);
  }

  #claim(socket: SocketName, { session, attempt, isNew }: PodConnection, check: boolean): void {
    const claim: Claim = {
      tenant: TENANT,
      session: asSessionId(session),
      attempt,
      connection: asConnectionId(socket),
      pod: asPodId(`p${this.number}`),
      ...(isNew && !check ? { create: FIELDS } : {}),
    };
    this.turn.toRedis(this.number, { kind: 'claim', claim, socket, check });
  }

  #claimed({ socket, result }: Extract<Reply, { kind: 'claim' }>): void {
    const connection = this.#connection(socket);
    if (result.kind === 'claimed' && connection === undefined) {
      const { session, attempt, connection: owner } = result.row;
      this.turn.toRedis(this.number, { kind: 'detach', session, attempt, connection: owner });
      return;
    }
    if (result.kind === 'superseded') this.#close(socket, 'moved', String(result.attempt));
    else if (result.kind === 'gone') this.#close(socket, 'sessionGone', '');
    if (result.kind !== 'claimed' || !connection || !this.#advance(socket, 'welcome')) return;
    const { client, session, winner } = connection;
    this.turn.toClient(client, connectionOf(socket), { type: 'welcome', session });
    if (winner > 0) this.#supersede(socket, winner);
    for (const [stream, position] of Object.entries(connection.hello)) this.#subscribe(socket, stream, position);
  }

  #checked({ socket, result }: Extract<Reply, { kind: 'claim' }>): void {
    const connection = this.#connection(socket);
    if (connection === undefined) this.#releaseAppends();
    if (connection === undefined) return;
    if (result.kind === 'claimed')
      this.turn.toClient(connection.client, connectionOf(socket), { type: 'probe', withinMs: 0 });
    else if (result.kind === 'superseded') this.#supersede(socket, result.attempt);
    else this.#close(socket, 'sessionGone', '');
    this.#releaseAppends();
  }

  #supersede(socket: SocketName, attempt: number): void {
    const connection = this.#connection(socket);
    if (connection === undefined) return;
    this.#keep(socket, { ...connection, winner: Math.max(connection.winner, attempt) });
    this.#advance(socket, 'superseded');
  }

  /** A second one while one is unanswered is a violation. */
  #subscribeAgain(
    socket: SocketName,
    { session }: PodConnection,
    { stream, position }: Extract<Up, { type: 'subscribe' }>,
  ): void {
    const members = this.turn.pod(this.number).streams[logOf(stream, session)]?.members ?? [];
    const unanswered = members.some((member) => socketOf(member.socket) === socket && member.answerDue);
    if (unanswered) this.#close(socket, 'protocolError', 'a subscribe is unanswered');
    else this.#subscribe(socket, stream, position);
  }

  #subscribe(socket: SocketName, stream: string, position: Position | null): void {
    const connection = this.#connection(socket);
    if (connection === undefined) return;
    const subscribes = connection.subscribes + 1;
    this.#keep(socket, { ...connection, subscribes });
    this.#streams.subscribe(logOf(stream, connection.session), memberName(socket, subscribes), position);
  }

  #publish(
    socket: SocketName,
    connection: PodConnection,
    { seq, after, data }: Extract<Up, { type: 'publish' }>,
  ): void {
    this.#keep(socket, { ...connection, used: true });
    const item: SequencedItem = {
      kind: data === null ? 'mark' : 'publish',
      session: asSessionId(connection.session),
      publisher: asPublisherId(connection.publisher),
      seq,
      after,
      ...(data === null ? {} : { data }),
      readAtMs: 0,
    };
    const line = this.#line();
    this.#keepLine({ ...line, waiting: [...line.waiting, { socket, item }] });
    if (line.underWay === 0) this.#appendNext();
  }

  #appendNext(): void {
    const { waiting, held } = this.#line();
    if (held) return;
    const down = this.turn.pod(this.number).pair === 'down';
    this.#keepLine({ waiting, underWay: down ? 0 : waiting.length, held });
    if (waiting.length > 0)
      this.turn.toRedis(this.number, { kind: 'append', log: CHANNEL, items: waiting.map(({ item }) => item) });
  }

  #repeatAppends(): void {
    if (this.#line().waiting.length > 0) this.#appendNext();
  }

  /** Every row was claimed again: what is still one's own is repeated, the rest forgotten. */
  #releaseAppends(): void {
    const line = this.#line();
    const { commands, replies } = this.turn.pod(this.number);
    const checking = [...commands, ...replies].some((each) => each.kind === 'claim' && each.check);
    if (!line.held || checking) return;
    const waiting = line.waiting.filter(({ socket }) => this.#connection(socket)?.state === 'open');
    this.#keepLine({ waiting, underWay: 0, held: false });
    this.#repeatAppends();
  }

  #appended(_log: LogName, results: readonly AppendResult[] | null): void {
    if (results === null) {
      this.#appendNext();
      return;
    }
    const { waiting } = this.#line();
    const left = waiting.slice(results.length);
    this.#keepLine({ waiting: left, underWay: 0, held: false });
    results.forEach((result, index) => {
      const pending = waiting[index];
      const connection = pending && this.#connection(pending.socket);
      if (pending && connection?.state === 'open')
        this.#tell(connection.client, pending.socket, pending.item.seq, result);
    });
    if (left.length > 0) this.#appendNext();
  }

  #tell(client: ClientNumber, socket: SocketName, seq: number, result: AppendResult): void {
    const answer = { stream: CHANNEL as StreamName, seq };
    if (result.kind === 'ack') {
      const jumps = result.jumps.length === 0 ? {} : { jumps: result.jumps };
      this.turn.toClient(client, connectionOf(socket), { type: 'ack', ...answer, ...jumps });
    } else if (result.kind === 'gap')
      this.turn.toClient(client, connectionOf(socket), { type: 'gap', ...answer, last: result.last });
  }

  #close(socket: SocketName, code: CloseName, reason: string): void {
    const connection = this.#connection(socket);
    if (connection === undefined) return;
    const close = { type: 'close', code: closeCodes[code].code, reason } as const;
    this.turn.toClient(connection.client, connectionOf(socket), close);
    this.#end(socket, 'close');
    this.turn.changeSocket(connection.client, connectionOf(socket), () => ({ podOpen: false, up: [] }));
  }

  #end(socket: SocketName, event: ConnectionEvent): void {
    const connection = this.#connection(socket);
    if (connection === undefined) return;
    const wasClaimed = connection.state === 'open' || connection.state === 'leaving';
    this.#advance(socket, event);
    const { [socket]: _, ...connections } = this.turn.pod(this.number).connections;
    this.turn.changePod(this.number, { connections });
    this.#streams.leave(socket);
    const { session, attempt } = connection;
    if (wasClaimed) this.turn.toRedis(this.number, { kind: 'detach', session, attempt, connection: socket });
  }

  #advance(socket: SocketName, event: ConnectionEvent): boolean {
    const connection = this.#connection(socket);
    if (connection === undefined) return false;
    const state = nextState(connection.state, event);
    this.#keep(socket, { ...connection, state });
    return state !== connection.state;
  }

  #connection(socket: SocketName): PodConnection | undefined {
    return this.turn.pod(this.number).connections[socket];
  }
  #keep(socket: SocketName, connection: PodConnection): void {
    const { connections } = this.turn.pod(this.number);
    this.turn.changePod(this.number, { connections: { ...connections, [socket]: connection } });
  }
  #line(): AppendLine {
    return this.turn.pod(this.number).appends;
  }
  #keepLine(appends: AppendLine): void {
    this.turn.changePod(this.number, { appends });
  }
}
