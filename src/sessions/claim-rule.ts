import type { Claim, ClaimResult, SessionFields, SessionRow } from './session-store.js';

export interface ClaimDecision {
  readonly result: ClaimResult;
  /** The row has another connection than before: its channel must be told. */
  readonly moved: boolean;
}

/** The fields that may make a missing row: only the first claim's, which has attempt 1. */
export function creationOf(claim: Claim): SessionFields | null {
  return claim.attempt === 1 ? (claim.create ?? null) : null;
}

/**
 * The one rule for a claim, as claim.lua has it: whatever order claims arrive in and however often, the highest attempt
 * ends up owning the session, and a refused claim changes nothing.
 */
export function decideClaim(row: SessionRow | null, claim: Claim, nowMs: number): ClaimDecision {
  const create = creationOf(claim);
  if (row === null) return create === null ? refuse({ kind: 'gone' }) : createRow(claim, create, nowMs);
  const credential = create ?? claim.renew ?? null;
  // Another user's session looks like one that was never there.
  if (credential !== null && credential.user !== row.user) return refuse({ kind: 'gone' });
  const { grants, credentialExpiresAtMs } = claim.renew ?? row;
  if (credentialExpiresAtMs <= nowMs) return refuse({ kind: 'expired' });
  const { attempt, connection, pod } = claim;
  const sameConnection = row.connection === connection;
  if (row.attempt > attempt || (row.attempt === attempt && !sameConnection))
    return refuse({ kind: 'superseded', attempt: row.attempt, connection: row.connection });
  const movedAtMs = sameConnection ? row.movedAtMs : nowMs;
  const owned = { ...row, grants, credentialExpiresAtMs, attempt, connection, pod, movedAtMs, detached: false };
  return { result: { kind: 'claimed', row: owned, created: create !== null }, moved: !sameConnection };
}

function createRow(claim: Claim, { user, grants, credentialExpiresAtMs }: SessionFields, nowMs: number): ClaimDecision {
  if (credentialExpiresAtMs <= nowMs) return refuse({ kind: 'expired' });
  const { tenant, session, attempt, connection, pod } = claim;
  const row: SessionRow = {
    ...{ tenant, session, user, grants, credentialExpiresAtMs, attempt, connection, pod },
    detached: false,
    createdAtMs: nowMs,
    movedAtMs: nowMs,
  };
  return { result: { kind: 'claimed', row, created: true }, moved: true };
}

function refuse(result: ClaimResult): ClaimDecision {
  return { result, moved: false };
}
