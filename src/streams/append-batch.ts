import { BatonError } from '../lib/baton-error.js';
import { errorCodes, isErrorName } from '../protocol/error-codes.js';
import type { Jump } from '../protocol/frames.js';
import { asEntryId } from '../protocol/ids.js';
import type { StreamKeys } from '../redis/keys.js';
import type { RedisReply, ScriptCall } from '../redis/redis-ports.js';
import type { AppendLimits } from './append-limits.js';
import type { AppendItem, AppendResult } from './stream-log.js';

/** A batch goes to Redis as one script: it must not hold other clients' commands up. */
export const MAX_BATCH = { items: 128, bytes: 262_144 } as const;

/**
 * The script call for a batch. Entry ids are made here, anew for every sending: a repeat after a rewound log must not
 * put a known id at a known offset behind other history.
 */
export function appendCall(
  keys: StreamKeys,
  items: readonly AppendItem[],
  limits: AppendLimits,
  newId: () => string,
): ScriptCall {
  const { lateMs, windowMs, windowMessages, windowBytes, topTtlMs, publisherTtlMs } = limits;
  return {
    script: 'append',
    keys: [keys.log, keys.top, keys.live, ...items.map((item) => guardOf(keys, item))],
    args: [
      newId(),
      lateMs,
      windowMs,
      windowMessages,
      windowBytes,
      topTtlMs,
      publisherTtlMs,
      ...items.flatMap((item) => argumentsOf(item, newId())),
    ],
  };
}

function guardOf(keys: StreamKeys, item: AppendItem): string {
  return item.kind === 'send' ? keys.idempotency(item.idempotency) : keys.publisher(item.session, item.publisher);
}

function argumentsOf(item: AppendItem, id: string): readonly (string | number)[] {
  if (item.kind === 'send') return ['send', 0, 0, 0, id, item.data];
  const payload = item.kind === 'refuse' ? (item.code ?? 'forbidden') : (item.data ?? '');
  return [item.kind, item.seq, item.after, Math.floor(item.readAtMs), id, payload];
}

export interface AppendReply {
  readonly redisTimeMs: number;
  /** In the order of the items; an error is that item's alone. */
  readonly results: readonly (AppendResult | BatonError)[];
}

export function parseAppendReply(reply: RedisReply, items: readonly AppendItem[]): AppendReply {
  if (!Array.isArray(reply) || reply.length !== items.length + 1)
    throw new TypeError('append.lua did not answer every item');
  const [time, ...rows] = reply as readonly RedisReply[];
  return {
    redisTimeMs: Number(time),
    results: items.map((item, index) => resultOf(rows[index] as readonly RedisReply[], item)),
  };
}

function resultOf([kind, first, second, third]: readonly RedisReply[], item: AppendItem): AppendResult | BatonError {
  const seq = item.kind === 'send' ? 0 : item.seq;
  switch (kind) {
    case 'ack': {
      const position = first === '0' ? null : { offset: Number(first), id: asEntryId(String(second)) };
      return { kind: 'ack', jumps: jumpsOf(third, seq), position };
    }
    case 'refused':
      return { kind: 'refused', code: isErrorName(first) ? first : 'forbidden', jumps: jumpsOf(second, seq) };
    case 'gap':
      return { kind: 'gap', last: Number(first) };
    case 'late':
      return { kind: 'late' };
    case 'sent':
      return { kind: 'sent', offset: Number(first), repeated: second === 1 };
    default:
      return new BatonError('internal', errorCodes.internal.meaning, { cause: new Error(String(first)) });
  }
}

function jumpsOf(after: RedisReply | undefined, seq: number): readonly Jump[] {
  return after === '' || after === undefined || after === null ? [] : [[Number(after), seq]];
}
