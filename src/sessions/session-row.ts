import { BatonError } from '../lib/baton-error.js';
import type { Grant } from '../protocol/grants.js';
import { asConnectionId, asPodId, isId, isUserId } from '../protocol/ids.js';
import type { RedisReply } from '../redis/redis-ports.js';
import type { SessionKey, SessionRow } from './session-store.js';
import { SharedGrants } from './shared-grants.js';

/** Of the process: a list of grants says the same wherever it is used. */
const shared = new SharedGrants();

/**
 * Version of the row's fields. One that adds a field keeps it: readers ignore what they don't know. Another version
 * means that a pod of this one must not touch the row, so it comes a release after the one that can read it.
 */
export const ROW_SCHEMA = '1';

/** The row's own fields in the order in which claim.lua returns them; the application's are `data:<field>`. */
export const ROW_FIELDS = [
  'tenant',
  'user',
  'grants',
  'expires',
  'attempt',
  'connection',
  'pod',
  'detached',
  'created',
  'moved',
] as const;
type RowField = (typeof ROW_FIELDS)[number];

/**
 * A row as Redis holds it. Null: another tenant's, which for the caller is the same as a missing one.
 * Throws BatonError `internal` for a row that no pod writes.
 */
export function decodeRow(key: SessionKey, values: readonly RedisReply[]): SessionRow | null {
  const text = new Map(ROW_FIELDS.map((field, index) => [field, values[index]] as const));
  if (text.get('tenant') !== key.tenant) return null;
  const stringOf = (field: RowField): string => {
    const value = text.get(field);
    return typeof value === 'string' ? value : corrupt(field);
  };
  const numberOf = (field: RowField): number => {
    const digits = /^\d{1,16}$/.test(stringOf(field));
    return digits ? Number(stringOf(field)) : corrupt(field);
  };
  const idOf = <Id extends string>(field: RowField, isOne: (value: unknown) => value is Id): Id => {
    const value = stringOf(field);
    return isOne(value) ? value : corrupt(field);
  };
  return {
    tenant: key.tenant,
    session: key.session,
    user: idOf('user', isUserId),
    grants: grantsOf(stringOf('grants')),
    credentialExpiresAtMs: numberOf('expires'),
    attempt: numberOf('attempt'),
    connection: asConnectionId(idOf('connection', isId)),
    pod: asPodId(idOf('pod', isId)),
    detached: text.get('detached') === '1',
    createdAtMs: numberOf('created'),
    movedAtMs: numberOf('moved'),
  };
}

/** Written by a pod after its schema was checked: here only its JSON is. */
function grantsOf(text: string): readonly Grant[] {
  try {
    return shared.of(text);
  } catch (error) {
    if (error instanceof SyntaxError) return corrupt('grants');
    throw error;
  }
}

export function otherSchema(version: string): BatonError {
  return new BatonError('internal', `session row has schema ${version}, this pod understands ${ROW_SCHEMA}`);
}

function corrupt(field: string): never {
  throw new BatonError('internal', `session row: bad field ${field}`);
}
