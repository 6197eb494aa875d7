/** In this order; `started` is the last and stays. */
export type StartupStage = 'waiting-for-redis' | 'opening' | 'warming-up' | 'joining' | 'started';

/** How far the start of this process has come: /startupz and /readyz ask. */
export class StartupProgress {
  private current: StartupStage = 'waiting-for-redis';

  get stage(): StartupStage {
    return this.current;
  }
  get started(): boolean {
    return this.current === 'started';
  }
  reach(stage: StartupStage): void {
    this.current = stage;
  }
}
