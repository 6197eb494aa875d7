import type { Position } from '../../../src/protocol/position.js';
import {
  decideJoin,
  decidePage,
  decideRelease,
  expectToHear,
  following,
  hear,
  isBeyond,
  NOTHING_HEARD,
} from '../../../src/streams/live-rules.js';
import type { Entry, ReadResult } from '../../../src/streams/stream-log.js';
import { socketOf } from './names.js';
import type { Turn } from './turn.js';
import type { Down, LogName, PodNumber, PodStream, Reply, SocketName, StreamMember } from './world.js';

const NEW_STREAM: PodStream = { position: null, hearing: NOTHING_HEARD, reading: false, readAgain: false, members: [] };

/** The streams of one pod in one step: what src/streams does with collections and promises, here with values. */
export class PodStreams {
  constructor(
    private readonly turn: Turn,
    private readonly pod: PodNumber,
    private readonly toMember: (member: SocketName, log: LogName, frame: StreamFrame) => void,
  ) {}

  subscribe(log: LogName, member: SocketName, position: Position | null): void {
    const { members } = this.#stream(log);
    const others = members.filter(({ socket }) => socketOf(socket) !== socketOf(member));
    const joined: StreamMember = { socket: member, own: position, state: 'reading', answerDue: true };
    this.#change(log, { members: [...others, joined] });
    this.#readFor(log, joined);
  }

  leave(socket: SocketName): void {
    for (const [log, { members }] of Object.entries(this.turn.pod(this.pod).streams)) {
      const left = members.filter((member) => socketOf(member.socket) !== socket);
      if (left.length === members.length) continue;
      if (left.length > 0) this.#change(log, { members: left });
      else this.#forget(log);
    }
  }

  hear(log: LogName, heard: Entry): void {
    const stream = this.turn.pod(this.pod).streams[log];
    if (!stream) return;
    const { hearing, isOfThisLog } = hear(stream.hearing, stream.position, [heard]);
    this.#change(log, { hearing });
    if (stream.position === null || !isOfThisLog || !this.#apply(log, [heard])) this.catchUp(log);
  }

  /** Reads from the pod's position until nothing is left. */
  catchUp(log: LogName): void {
    const { reading, position } = this.#stream(log);
    this.#change(log, { readAgain: true });
    if (!reading && position !== null) this.#read(log);
  }

  answered({ log, member, from, result }: Extract<Reply, { kind: 'read' }>): void {
    const stream = this.turn.pod(this.pod).streams[log];
    if (!stream) return;
    if (member !== null) {
      const reader = stream.members.find(({ socket }) => socket === member);
      if (reader?.state === 'reading') this.#handle(log, reader, result);
      return;
    }
    this.#change(log, { reading: false });
    if (from !== null) this.#take(log, from, result);
    if (this.turn.pod(this.pod).streams[log]?.readAgain) this.#read(log);
  }

  /** A new pair of connections: what was asked on the old one is asked again, and every position is checked. */
  checkAll(): void {
    for (const [log, { members, reading }] of Object.entries(this.turn.pod(this.pod).streams)) {
      if (reading) this.#change(log, { reading: false });
      this.catchUp(log);
      for (const member of members) if (member.state === 'reading') this.#readFor(log, member);
    }
  }

  #read(log: LogName): void {
    const from = this.#stream(log).position;
    this.#change(log, { reading: true, readAgain: false });
    this.turn.toRedis(this.pod, { kind: 'read', log, member: null, from });
  }
  #readFor(log: LogName, { socket, own }: StreamMember): void {
    this.turn.toRedis(this.pod, { kind: 'read', log, member: socket, from: own });
  }

  #take(log: LogName, from: Position, result: ReadResult): void {
    const { position } = this.#stream(log);
    if (position === null) return;
    const decision = decidePage(position, from, this.#asPodSees(position, result));
    if (decision.kind === 'stale') {
      this.#change(log, { readAgain: true });
      return;
    }
    if (decision.kind === 'reset') {
      this.#change(log, { position: decision.position, hearing: NOTHING_HEARD });
      for (const member of this.#stream(log).members)
        if (member.state === 'live') this.#reset(log, member, decision.reason, decision.position);
    } else {
      const { run } = following(position, decision.entries);
      this.#deliver(log, run, result.kind === 'entries' ? result.entries : []);
      this.#change(log, { hearing: expectToHear(this.#stream(log).hearing, decision.entries) });
      if (decision.readsAgain) this.#change(log, { readAgain: true });
    }
    this.#release(log);
    for (const member of this.#stream(log).members)
      if (member.state === 'waiting' && isBeyond(result.top, member.own)) this.#sendBack(log, member);
  }

  /** False: the log must be read. */
  #apply(log: LogName, entries: readonly Entry[]): boolean {
    const { position } = this.#stream(log);
    const { run, complete } = following(position, this.#linked(position, entries));
    this.#deliver(log, run, entries);
    return complete;
  }

  #deliver(log: LogName, run: readonly Entry[], asRead: readonly Entry[]): void {
    for (const next of run) {
      const entry = asRead.find(({ id }) => id === next.id) ?? next;
      for (const { socket, state } of this.#stream(log).members)
        if (state === 'live') this.toMember(socket, log, { type: 'message', ...entry });
      this.#change(log, { position: { offset: entry.offset, id: entry.id } });
      this.#release(log);
    }
  }

  #release(log: LogName): void {
    const { position, members } = this.#stream(log);
    if (position === null) return;
    for (const member of members) {
      if (member.state !== 'waiting') continue;
      const decision = decideRelease(position, member.own);
      if (decision === 'live') this.#goLive(log, member, position);
      else if (decision === 'reads') this.#sendBack(log, member);
    }
  }

  #handle(log: LogName, before: StreamMember, result: ReadResult): void {
    let member = before;
    if (result.kind === 'reset') member = this.#reset(log, member, result.reason, result.top);
    else if (member.own === null) member = { ...member, own: result.top };
    else
      for (const entry of result.entries) {
        this.toMember(member.socket, log, { type: 'message', ...entry });
        member = { ...member, own: { offset: entry.offset, id: entry.id } };
      }
    this.#keep(log, member);
    if (member.own === null || member.own.offset < result.top.offset) this.#readFor(log, member);
    else this.#join(log, member, member.own, member.own !== before.own);
  }

  #join(log: LogName, member: StreamMember, own: Position, news: boolean): void {
    const { position, readAgain } = this.#stream(log);
    if (position === null) {
      this.#change(log, { position: own });
      if (readAgain) this.catchUp(log);
    }
    const at = position ?? own;
    const anywhere = this.turn.without('live-only-where-the-pod-is');
    const decision = anywhere ? 'live' : decideJoin(at, own, news);
    if (decision === 'live') {
      this.#goLive(log, member, own);
      return;
    }
    this.catchUp(log);
    this.#keep(log, { ...member, state: decision === 'waits' ? 'waiting' : 'reading' });
    if (decision === 'reads') this.#readFor(log, member);
  }

  #goLive(log: LogName, member: StreamMember, position: Position): void {
    this.#keep(log, { ...member, state: 'live', own: null, answerDue: false });
    if (member.answerDue) this.toMember(member.socket, log, { type: 'subscribed', position });
  }
  #sendBack(log: LogName, member: StreamMember): void {
    this.#keep(log, { ...member, state: 'reading' });
    this.#readFor(log, member);
  }
  #reset(log: LogName, member: StreamMember, reason: ResetFrame['reason'], position: Position): StreamMember {
    this.toMember(member.socket, log, { type: 'reset', reason, position });
    this.toMember(member.socket, log, { type: 'subscribed', position });
    return { ...member, own: member.state === 'live' ? null : position, answerDue: false };
  }

  /** Without the rule an entry with the next offset is taken for the next, whatever came before it. */
  #linked(position: Position | null, entries: readonly Entry[]): readonly Entry[] {
    if (!this.turn.without('pod-applies-only-the-next') || position === null) return entries;
    let at = position;
    return entries.map((entry) => {
      const linked = entry.offset === at.offset + 1 ? { ...entry, prev: at.id } : entry;
      at = linked;
      return linked;
    });
  }
  #asPodSees(position: Position, result: ReadResult): ReadResult {
    return result.kind === 'reset' ? result : { ...result, entries: this.#linked(position, result.entries) };
  }

  #stream(log: LogName): PodStream {
    return this.turn.pod(this.pod).streams[log] ?? NEW_STREAM;
  }
  #change(log: LogName, change: Partial<PodStream>): void {
    const { streams } = this.turn.pod(this.pod);
    this.turn.changePod(this.pod, { streams: { ...streams, [log]: { ...this.#stream(log), ...change } } });
  }
  #keep(log: LogName, kept: StreamMember): void {
    const { members } = this.#stream(log);
    this.#change(log, { members: members.map((member) => (member.socket === kept.socket ? kept : member)) });
  }
  #forget(log: LogName): void {
    const { [log]: _, ...streams } = this.turn.pod(this.pod).streams;
    this.turn.changePod(this.pod, { streams });
  }
}

type ResetFrame = Extract<Down, { type: 'reset' }>;
type WithoutStream<Frame> = Frame extends { readonly stream: unknown } ? Omit<Frame, 'stream'> : never;
export type StreamFrame = WithoutStream<Extract<Down, { type: 'message' | 'subscribed' | 'reset' }>>;
