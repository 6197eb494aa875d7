/** What the order depends on. */
export interface Candidate {
  readonly tenant: string;
  readonly caughtUp: boolean;
}

export interface Turn<C> {
  readonly chosen: readonly C[];
  /** Whose turn came last; the next turn begins behind it. */
  readonly lastTenant: string | null;
}

/**
 * The next `count` clients to move: those that are caught up first, since their replay is empty; tenants in turn, so that
 * none waits for all clients of a bigger one. `lastTenant` comes from the turn before.
 */
export function nextToMove<C extends Candidate>(
  waiting: Iterable<C>,
  count: number,
  lastTenant: string | null,
): Turn<C> {
  const ready = new Map<string, C[]>();
  const behind = new Map<string, C[]>();
  for (const candidate of waiting) {
    const queues = candidate.caughtUp ? ready : behind;
    const queue = queues.get(candidate.tenant);
    if (queue) queue.push(candidate);
    else queues.set(candidate.tenant, [candidate]);
  }
  const first = inTurn(ready, count, lastTenant);
  const rest = inTurn(behind, count - first.chosen.length, first.lastTenant);
  return { chosen: [...first.chosen, ...rest.chosen], lastTenant: rest.lastTenant };
}

function inTurn<C extends Candidate>(queues: ReadonlyMap<string, C[]>, count: number, after: string | null): Turn<C> {
  const chosen: C[] = [];
  let lastTenant = after;
  const tenants = [...queues.keys()].sort();
  const start =
    after === null
      ? 0
      : Math.max(
          0,
          tenants.findIndex((tenant) => tenant > after),
        );
  const order = [...tenants.slice(start), ...tenants.slice(0, start)];
  for (let round = 0; chosen.length < count; round += 1) {
    const before = chosen.length;
    for (const tenant of order) {
      const next = queues.get(tenant)?.[round];
      if (next === undefined || chosen.length === count) continue;
      chosen.push(next);
      lastTenant = tenant;
    }
    if (chosen.length === before) break;
  }
  return { chosen, lastTenant };
}
