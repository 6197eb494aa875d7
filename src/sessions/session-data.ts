import { BatonError } from '../lib/baton-error.js';
import { brokenBound } from '../protocol/codec.js';
import type { Json } from '../protocol/frames.js';
import { isName } from '../protocol/ids.js';
import type { DeleteResult, PutResult } from './session-store.js';

/** JSON text of one value. */
const MAX_VALUE_BYTES = 65_536;
export const MAX_FIELDS = 64;

/** A field of the application's data as it is stored: JSON text and its version, from 1. */
export interface StoredText {
  readonly text: string;
  readonly version: number;
}

/** Throws BatonError `bad-request`. */
export function checkField(field: string): void {
  if (!isName(field)) throw new BatonError('bad-request', 'a data field must be named like a channel');
}

/** Throws BatonError `too-big`, or `bad-request` for JSON that is out of the bounds of a message's data. */
export function textOf(value: Json): string {
  const broken = brokenBound(value);
  if (broken !== null) throw new BatonError('bad-request', broken);
  const text = JSON.stringify(value);
  if (Buffer.byteLength(text) > MAX_VALUE_BYTES)
    throw new BatonError('too-big', `a data value may have ${MAX_VALUE_BYTES} bytes as JSON`);
  return text;
}

export const tooManyFields = (): BatonError =>
  new BatonError('too-big', `a session may have ${MAX_FIELDS} data fields`);

/**
 * The rule for a write, as session-data.lua has it. The same value again, after the version that was read or after any,
 * is a repeat whose first answer was lost: it is answered as that one was, and the version stays. `floor`: the highest
 * version of a field that was deleted; a new field begins above it.
 */
export function decidePut(current: StoredText | null, text: string, expected: number | null, floor: number): PutResult {
  const version = current?.version ?? 0;
  const follows = expected === null || expected === version - 1 || (expected === 0 && version === floor + 1);
  if (current?.text === text && follows) return { kind: 'stored', version };
  if (expected !== null && expected !== version) return { kind: 'conflict', version };
  return { kind: 'stored', version: (current ? version : floor) + 1 };
}

/** The rule for a removal, as delete-data.lua has it. */
export function decideDelete(current: StoredText | null, expected: number | null): DeleteResult {
  if (!current || expected === null || expected === current.version) return { kind: 'deleted' };
  return { kind: 'conflict', version: current.version };
}
