import type { Json, Jump, ResetReason } from '../../src/protocol/frames.js';
import { asEntryId, type EntryId } from '../../src/protocol/ids.js';
import type { Link, Position } from '../../src/protocol/position.js';
import type { StreamName } from '../../src/protocol/stream-name.js';

export interface Entry extends Link {
  readonly data: Json;
}

interface Publisher {
  last: number;
  readonly jumps: Jump[];
}

interface Log {
  readonly epoch: EntryId;
  readonly entries: Entry[];
  readonly publishers: Map<string, Publisher>;
}

export interface Owner {
  readonly attempt: number;
  readonly connection: number;
}

export type Append =
  | { readonly kind: 'ack'; readonly jumps: readonly Jump[]; readonly entry: Entry | null }
  | { readonly kind: 'gap'; readonly last: number };

export type Recovery =
  | { readonly kind: 'entries'; readonly entries: readonly Entry[]; readonly position: Position }
  | { readonly kind: 'reset'; readonly reason: ResetReason; readonly position: Position };

/** What pods keep in Redis, by the rules of docs/protocol.md and nothing else; it can be set back to an earlier state. */
export class ModelRedis {
  #logs = new Map<StreamName, Log>();
  #rows = new Map<string, Owner>();
  #saved: { readonly logs: Map<StreamName, Log>; readonly rows: Map<string, Owner> } | null = null;
  #ids = 0;
  /** Every entry that ever was. */
  readonly history = new Map<EntryId, Entry>();

  /** False while Redis can't be reached. */
  up = true;

  /** Null: gone. Otherwise who owns the session now: the highest attempt, and of two with the same the first. */
  claim(session: string, attempt: number, connection: number): Owner | null {
    const owner = this.#rows.get(session);
    if (owner === undefined) return null;
    const now = attempt > owner.attempt ? { attempt, connection } : owner;
    this.#rows.set(session, now);
    return now;
  }
  create(connection: number): string {
    const session = this.#id('s');
    this.#rows.set(session, { attempt: 1, connection });
    return session;
  }
  end(session: string): void {
    this.#rows.delete(session);
  }

  append(stream: StreamName, publisher: string, seq: number, after: number, data: Json | undefined): Append {
    const log = this.#log(stream);
    const known = log.publishers.get(publisher) ?? { last: 0, jumps: [] };
    log.publishers.set(publisher, known);
    const jumpsOf = (): readonly Jump[] => known.jumps.filter((jump) => jump[1] === seq);
    if (seq <= known.last) return { kind: 'ack', jumps: jumpsOf(), entry: null };
    if (after !== known.last) return { kind: 'gap', last: known.last };
    if (after !== seq - 1) known.jumps.push([after, seq]);
    known.last = seq;
    return { kind: 'ack', jumps: jumpsOf(), entry: data === undefined ? null : this.#add(log, data) };
  }

  /** Everything after the position, or why that can't be had. Null: from now on. */
  recover(stream: StreamName, from: Position | null): Recovery {
    const { entries } = this.#log(stream);
    const top = this.top(stream);
    if (from === null) return { kind: 'entries', entries: [], position: top };
    if (from.offset > top.offset) return { kind: 'reset', reason: 'ahead', position: top };
    if (this.#idAt(stream, from.offset) !== from.id)
      return { kind: 'reset', reason: from.offset === 0 ? 'lost' : 'forked', position: top };
    return { kind: 'entries', entries: entries.slice(from.offset), position: top };
  }

  entries(stream: StreamName): readonly Entry[] {
    return this.#log(stream).entries;
  }
  top(stream: StreamName): Position {
    const offset = this.#log(stream).entries.length;
    return { offset, id: this.#idAt(stream, offset) };
  }

  /** What a replica has got so far. */
  save(): void {
    this.#saved = { logs: copyLogs(this.#logs), rows: new Map(this.#rows) };
  }
  /** The replica is promoted: whatever came after `save` is gone. */
  rewind(): boolean {
    if (this.#saved === null) return false;
    this.#logs = copyLogs(this.#saved.logs);
    this.#rows = new Map(this.#saved.rows);
    return true;
  }

  #add(log: Log, data: Json): Entry {
    const prev = log.entries.at(-1)?.id ?? log.epoch;
    const entry = { offset: log.entries.length + 1, id: asEntryId(this.#id('e')), prev, data };
    log.entries.push(entry);
    this.history.set(entry.id, entry);
    return entry;
  }

  #idAt(stream: StreamName, offset: number): EntryId {
    const { entries, epoch } = this.#log(stream);
    return entries[offset - 1]?.id ?? epoch;
  }

  #log(stream: StreamName): Log {
    const log = this.#logs.get(stream) ?? { epoch: asEntryId(this.#id('l')), entries: [], publishers: new Map() };
    this.#logs.set(stream, log);
    return log;
  }

  #id(kind: string): string {
    this.#ids += 1;
    return `${kind}${this.#ids}`;
  }
}

function copyLogs(logs: ReadonlyMap<StreamName, Log>): Map<StreamName, Log> {
  return new Map(
    [...logs].map(([stream, { epoch, entries, publishers }]) => [
      stream,
      {
        epoch,
        entries: [...entries],
        publishers: new Map([...publishers].map(([name, { last, jumps }]) => [name, { last, jumps: [...jumps] }])),
      },
    ]),
  );
}
