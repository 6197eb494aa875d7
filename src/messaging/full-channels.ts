import type { Clock } from '../lib/clock.js';
import { MAX_PRESENT } from '../protocol/bounds.js';
import type { PodId } from '../protocol/ids.js';
import type { PresenceKeys } from '../redis/keys.js';
import { MOST_CLEARED, type PresenceList, type PresenceStore } from './presence-store.js';

/** A full channel is looked at so often, however many are refused. */
const AGAIN_MS = 1_000;

interface Look {
  readonly untilMs: number;
  readonly made: Promise<boolean>;
}

export interface FullChannelsPorts {
  readonly store: Pick<PresenceStore, 'clear'>;
  readonly clock: Clock;
  readonly read: (keys: PresenceKeys) => Promise<PresenceList>;
  /** Those of the pods that are surely gone. */
  readonly gone: (pods: readonly PodId[]) => Promise<readonly PodId[]>;
}

/**
 * A pod that crashed with a thousand sessions in a channel: nobody sees them any more, and for two sweeps nobody else would
 * get in. Whoever is refused has what dead pods left removed.
 */
export class FullChannels {
  /** In the order in which they end. */
  private readonly looks = new Map<string, Look>();

  constructor(private readonly ports: FullChannelsPorts) {}

  /** Whether there may be room now. Rejects with BatonError `unavailable`. */
  makeRoom(keys: PresenceKeys): Promise<boolean> {
    const now = this.ports.clock.monotonic();
    for (const [name, { untilMs }] of this.looks) {
      if (untilMs > now) break;
      this.looks.delete(name);
    }
    const found = this.looks.get(keys.here);
    if (found) return found.made;
    const made = this.clear(keys);
    this.looks.set(keys.here, { untilMs: now + AGAIN_MS, made });
    return made;
  }

  private async clear(keys: PresenceKeys): Promise<boolean> {
    const { members } = await this.ports.read(keys);
    const gone = await this.ports.gone([...new Set(members.map(({ pod }) => pod))]);
    if (gone.length === 0) return members.length < MAX_PRESENT;
    while ((await this.ports.store.clear(keys, gone)) >= MOST_CLEARED);
    return true;
  }
}
