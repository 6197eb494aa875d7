import { asEntryId } from '../../../src/protocol/ids.js';
import { decideClaim } from '../../../src/sessions/claim-rule.js';
import type { Claim, ClaimResult } from '../../../src/sessions/session-store.js';
import { decideSequenced } from '../../../src/streams/append-rule.js';
import { decideRead, type LogView } from '../../../src/streams/read-rule.js';
import type { AppendResult, Entry, ReadResult, SequencedItem } from '../../../src/streams/stream-log.js';
import type { Position } from '../../../src/protocol/position.js';
import type { Turn } from './turn.js';
import { PODS, type Command, type Heard, type LogName, type Redis, type Reply } from './world.js';

const LATE_MS = 10_000;
const PAGE = 128;

export const EMPTY_REDIS: Redis = { rows: {}, logs: {}, settled: {} };

/** One script, from its beginning to its end. Null: nobody waits for the reply. */
export function execute(turn: Turn, command: Command): Reply | null {
  switch (command.kind) {
    case 'claim':
      return { ...command, kind: 'claim', result: claim(turn, command.claim) };
    case 'detach':
      detach(turn, command);
      return null;
    case 'append':
      return {
        kind: 'append',
        log: command.log,
        results: command.items.map((item) => append(turn, command.log, item)),
      };
    case 'read':
      return { ...command, kind: 'read', result: read(turn, command.log, command.from) };
  }
}

function claim(turn: Turn, claimed: Claim): ClaimResult {
  const { rows } = turn.world.redis;
  const row = rows[claimed.session] ?? null;
  const lastComesOwns = turn.without('highest-attempt-owns') && row !== null;
  const { result, moved } = decideClaim(lastComesOwns ? { ...row, attempt: 0 } : row, claimed, 0);
  if (turn.without('one-rule-for-claims') && row?.attempt === claimed.attempt)
    return { kind: 'superseded', attempt: row.attempt, connection: row.connection };
  if (result.kind !== 'claimed') return result;
  if (row !== null && row.attempt > claimed.attempt)
    turn.breaks(`attempt ${claimed.attempt} owns the session of ${claimed.session} although ${row.attempt} had it`);
  turn.setRedis({ ...turn.world.redis, rows: { ...rows, [claimed.session]: result.row } });
  if (moved) tell(turn, { kind: 'claimed', session: claimed.session, attempt: claimed.attempt });
  return result;
}

function detach(turn: Turn, { session, attempt, connection }: Extract<Command, { kind: 'detach' }>): void {
  const { rows } = turn.world.redis;
  const row = rows[session];
  if (row?.attempt !== attempt || row.connection !== connection) return;
  turn.setRedis({ ...turn.world.redis, rows: { ...rows, [session]: { ...row, detached: true } } });
}

const settledKey = (log: LogName, publisher: string): string => `${publisher} ${log}`;

function append(turn: Turn, log: LogName, item: SequencedItem): AppendResult {
  const key = settledKey(log, item.publisher);
  const { settled, result, appends } = decideSequenced(turn.world.redis.settled[key] ?? null, item, 0, LATE_MS);
  if (appends) addEntry(turn, log, item.data ?? '');
  const { redis } = turn.world;
  turn.setRedis({ ...redis, settled: { ...redis.settled, [key]: settled } });
  if (turn.without('jumps-are-told') && (result.kind === 'ack' || result.kind === 'refused'))
    return { ...result, jumps: [] };
  return result;
}

/** XADD fails for want of memory: the script ends there, with an error for everybody. */
export function refuse(turn: Turn, command: Extract<Command, { kind: 'append' }>): Reply {
  const [first] = command.items;
  if (first && turn.without('settled-after-the-append')) {
    const key = settledKey(command.log, first.publisher);
    const { redis } = turn.world;
    const { settled } = decideSequenced(redis.settled[key] ?? null, first, 0, LATE_MS);
    turn.setRedis({ ...redis, settled: { ...redis.settled, [key]: settled } });
  }
  return { kind: 'append', log: command.log, results: null };
}

/** What a backend sends, or a sequenced publish after its sequence was found to be the next. */
export function addEntry(turn: Turn, log: LogName, data: string): void {
  const [view] = openLog(turn, log);
  if (view.entries.some((entry) => entry.data === data)) turn.breaks(`${data} is in the log twice`);
  const offset = view.top.offset + 1;
  const entry: Entry = { offset, id: asEntryId(turn.freshEntry()), prev: view.top.id, data };
  const grown = { ...view, top: { offset, id: entry.id }, entries: [...view.entries, entry] };
  setLog(turn, log, grown);
  tell(turn, { kind: 'entry', log, entry });
}

function read(turn: Turn, log: LogName, from: Position | null): ReadResult {
  const [view, isNew] = openLog(turn, log);
  return decideRead(view, from, PAGE, isNew);
}

function openLog(turn: Turn, log: LogName): readonly [view: LogView, isNew: boolean] {
  const found = turn.world.redis.logs[log];
  if (found) return [found, false];
  const epoch = asEntryId(turn.freshLog());
  const made = { epoch, top: { offset: 0, id: epoch }, entries: [] };
  setLog(turn, log, made);
  return [made, true];
}

function setLog(turn: Turn, log: LogName, view: LogView): void {
  const { redis } = turn.world;
  turn.setRedis({ ...redis, logs: { ...redis.logs, [log]: view } });
}

/** PUBLISH: to every pod that is subscribed at this master. */
function tell(turn: Turn, heard: Heard): void {
  for (const number of PODS) {
    const pod = turn.pod(number);
    const listens =
      heard.kind === 'entry'
        ? heard.log in pod.streams
        : Object.values(pod.connections).some(
            // One that has this attempt or a higher one makes nothing of it.
            ({ session, attempt }) => session === heard.session && attempt < heard.attempt,
          );
    if (pod.pair === 'up' && pod.life !== 'dead' && listens) turn.changePod(number, { heard: [...pod.heard, heard] });
  }
}
