import type { SessionKey, SessionRow } from './session-store.js';

/** Hears what this pod does to the rows of sessions; called when the store has answered, and keeps nobody waiting. */
export interface SessionWatcher {
  /** This pod has claimed it, or once more. */
  held(row: SessionRow): void;
  /** A connection of this pod has given it back, or tried to: somebody else may hold it, and it may be gone. */
  left(key: SessionKey): void;
  /** Somebody asked for its end here, whatever came of it. */
  ended(key: SessionKey): void;
}

/** Where a room above this one says that it wants to hear of sessions. */
export class SessionWatch {
  private watcher: SessionWatcher | null = null;

  watch(watcher: SessionWatcher): void {
    this.watcher = watcher;
  }

  get current(): SessionWatcher | null {
    return this.watcher;
  }
}
