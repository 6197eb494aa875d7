import type { PodRow } from '../../src/fleet/fleet.js';
import { asPodId } from '../../src/protocol/ids.js';

/** A pod that has been serving for a minute, unless said otherwise; its id is its name. */
export function podRow(name: string, said: Partial<Omit<PodRow, 'pod' | 'name'>> = {}): PodRow {
  return {
    pod: asPodId(name),
    name,
    workload: 'shop/baton',
    revision: 'one',
    startedAtMs: 0,
    readySinceMs: 0,
    state: 'serving',
    connections: 0,
    capacity: 10_000,
    url: null,
    probeUrl: null,
    protocols: ['baton.v1'],
    beatAtMs: 0,
    ...said,
  };
}
