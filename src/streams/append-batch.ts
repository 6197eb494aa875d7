import { BatonError } from '../lib/baton-error.js';
import { errorCodes, isErrorName } from '../protocol/error-codes.js';
import type { Jump } from '../protocol/frames.js';
import type { EntryId } from '../protocol/ids.js';
import type { StreamKeys } from '../redis/keys.js';
import type { RedisReply, ScriptCall } from '../redis/redis-ports.js';
import type { AppendLimits } from './append-limits.js';
import type { AppendItem, AppendResult } from './stream-log.js';

/** A batch goes to Redis as one script: it must not hold other clients' commands up. */
export const MAX_BATCH = { items: 128, bytes: 262_144 } as const;

/** A batch as append.lua takes it. */
export interface AppendCall extends ScriptCall {
  readonly script: 'append';
  /** With an item's number, from 1, it is the id of its entry. */
  readonly id: string;
}

/**
 * The script call for a batch. Entry ids are made here, anew for every sending: a repeat after a rewound log must not
 * put a known id at a known offset behind other history.
 */
export function appendCall(
  keys: StreamKeys,
  items: readonly AppendItem[],
  limits: AppendLimits,
  newId: () => string,
): AppendCall {
  const { lateMs, windowMs, windowMessages, windowBytes, topTtlMs, publisherTtlMs } = limits;
  const id = newId();
  const all = [keys.log, keys.top, keys.live];
  const args: (string | number)[] = [id, lateMs, windowMs, windowMessages, windowBytes, topTtlMs, publisherTtlMs];
  let before: AppendItem | null = null;
  let count = 0;
  let countAt = 0;
  for (const item of items) {
    if (before !== null && continues(before, item)) count += 1;
    else {
      all.push(guardOf(keys, item));
      count = 1;
      countAt = args.length + 1;
      if (item.kind === 'send') args.push('send', count, 0, 0, 0);
      else args.push(item.kind, count, item.seq, item.after, Math.floor(item.readAtMs));
    }
    args[countAt] = count;
    args.push(payloadOf(item));
    before = item;
  }
  return { script: 'append', keys: all, args, id };
}

/** Whether an item is in one run with the one before it. */
function continues(before: AppendItem, item: AppendItem): boolean {
  return (
    item.kind !== 'send' &&
    before.kind === item.kind &&
    before.seq === item.after &&
    item.after === item.seq - 1 &&
    before.publisher === item.publisher &&
    before.session === item.session &&
    Math.floor(before.readAtMs) === Math.floor(item.readAtMs)
  );
}

function guardOf(keys: StreamKeys, item: AppendItem): string {
  return item.kind === 'send' ? keys.idempotency(item.idempotency) : keys.publisher(item.session, item.publisher);
}

function payloadOf(item: AppendItem): string {
  return (item.kind === 'refuse' ? (item.code ?? 'forbidden') : item.data) ?? '';
}

export interface AppendReply {
  readonly redisTimeMs: number;
  /** In the order of the items; an error is that item's alone. */
  readonly results: readonly (AppendResult | BatonError)[];
}

export function parseAppendReply(reply: RedisReply, items: readonly AppendItem[], { id }: AppendCall): AppendReply {
  const [time, ...rows] = Array.isArray(reply) ? (reply as readonly RedisReply[]) : [];
  const [first] = rows;
  const areAllAppended = rows.length === 1 && typeof first === 'number';
  if (!areAllAppended && rows.length !== items.length) throw new TypeError('append.lua did not answer every item');
  const results = items.map((item, index) => {
    const row = areAllAppended ? first + index : rows[index];
    const entry = `${id}${index + 1}` as EntryId;
    return typeof row === 'number' ? appended(item, row, entry) : resultOf(row as readonly RedisReply[], item, entry);
  });
  return { redisTimeMs: Number(time), results };
}

const NO_JUMPS: readonly Jump[] = [];

function appended({ kind }: AppendItem, offset: number, id: EntryId): AppendResult {
  if (kind === 'send') return { kind: 'sent', offset, repeated: false };
  return { kind: 'ack', jumps: NO_JUMPS, position: { offset, id } };
}

function resultOf(
  [kind, first, second]: readonly RedisReply[],
  item: AppendItem,
  id: EntryId,
): AppendResult | BatonError {
  const seq = item.kind === 'send' ? 0 : item.seq;
  switch (kind) {
    case 'ack':
      return {
        kind: 'ack',
        jumps: jumpsOf(second, seq),
        position: first === '0' ? null : { offset: Number(first), id },
      };
    case 'refused':
      return { kind: 'refused', code: isErrorName(first) ? first : 'forbidden', jumps: jumpsOf(second, seq) };
    case 'gap':
      return { kind: 'gap', last: Number(first) };
    case 'late':
      return { kind: 'late' };
    case 'sent':
      return { kind: 'sent', offset: Number(first), repeated: true };
    default:
      return new BatonError('internal', errorCodes.internal.meaning, { cause: new Error(String(first)) });
  }
}

function jumpsOf(after: RedisReply | undefined, seq: number): readonly Jump[] {
  return after === '' || after === undefined || after === null ? NO_JUMPS : [[Number(after), seq]];
}
