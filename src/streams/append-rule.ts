import { MAX_UNANSWERED_SEQUENCES } from '../protocol/bounds.js';
import type { ErrorName } from '../protocol/error-codes.js';
import type { Jump } from '../protocol/frames.js';
import type { AppendResult, SequencedItem } from './stream-log.js';

/** What is kept per publisher and stream: plain values, so that it can be written down, compared and hashed. */
export interface Settled {
  /** The last settled sequence. */
  readonly last: number;
  /** Of the last ones: the sequences that aren't in the log, with the code that was answered. */
  readonly refused: readonly (readonly [seq: number, code: ErrorName])[];
  /** Of the last ones: the acceptances whose `after` wasn't the sequence before. */
  readonly jumps: readonly Jump[];
}

export const NOTHING_SETTLED: Settled = { last: 0, refused: [], jumps: [] };

/** Of refused sequences and jumps those that a client may still ask about are kept. */
const NOTES_KEPT = MAX_UNANSWERED_SEQUENCES;

export interface SequencedDecision {
  /** What is settled afterwards. (M) To be kept only once the message is in the log, if it has to be appended. */
  readonly settled: Settled;
  /** An `ack` without the position: that is known once the message is in the log. */
  readonly result: Exclude<AppendResult, { kind: 'sent' }>;
  readonly appends: boolean;
}

/** One item of append.lua: compare `after` with the last settled sequence, and set it. `null`: nothing is settled. */
export function decideSequenced(
  settled: Settled | null,
  item: SequencedItem,
  nowMs: number,
  lateMs: number,
): SequencedDecision {
  const before = settled ?? NOTHING_SETTLED;
  const unchanged = (result: SequencedDecision['result']) => ({ settled: before, result, appends: false });
  if (nowMs - item.readAtMs > lateMs) return unchanged({ kind: 'late' });
  if (item.seq <= before.last) return unchanged(answerOf(before, item.seq));
  if (item.after !== before.last) return unchanged({ kind: 'gap', last: before.last });
  const after = accept(before, item);
  return { settled: after, result: answerOf(after, item.seq), appends: item.kind === 'publish' };
}

function accept(before: Settled, { kind, seq, after, code }: SequencedItem): Settled {
  const refused: Settled['refused'] = kind === 'refuse' ? [[seq, code ?? 'forbidden']] : [];
  const jumps: Settled['jumps'] = after === seq - 1 ? [] : [[after, seq]];
  const settled = { last: seq, refused: [...before.refused, ...refused], jumps: [...before.jumps, ...jumps] };
  return refused.length + jumps.length > 0 ? withoutOldNotes(settled) : settled;
}

function withoutOldNotes(settled: Settled): Settled {
  const { last, refused, jumps } = settled;
  // As append.lua counts: the fields of the publisher's hash, `last` among them.
  if (1 + refused.length + jumps.length < NOTES_KEPT * 2) return settled;
  const recent = (seq: number) => seq > last - NOTES_KEPT;
  return { last, refused: refused.filter(([seq]) => recent(seq)), jumps: jumps.filter(([, seq]) => recent(seq)) };
}

function answerOf({ refused, jumps }: Settled, seq: number): Exclude<AppendResult, { kind: 'sent' }> {
  const told = jumps.filter(([, jumped]) => jumped === seq);
  const refusal = refused.find(([noted]) => noted === seq);
  if (refusal) return { kind: 'refused', code: refusal[1], jumps: told };
  return { kind: 'ack', jumps: told, position: null };
}
