import { eventually } from '../eventually.js';
import type { BackendCommand, BackendOptions, BackendStatus } from './backend-messages.js';
import { Child } from './child.js';

export type { BackendOptions, BackendStatus } from './backend-messages.js';

/** A backend in a process of its own. */
export class Backend {
  private readonly child: Child<BackendCommand, BackendStatus>;

  /** @param main the compiled backend-main */
  constructor(main: string, options: BackendOptions) {
    this.child = new Child(options.name, main, options);
  }

  get status(): BackendStatus {
    return this.child.status ?? { sent: 0, inFlight: 0, repeats: 0, lookedUp: 0 };
  }
  get calm(): boolean {
    return this.status.inFlight === 0;
  }

  publish(): void {
    this.child.tell({ kind: 'publish' });
  }
  quiet(): void {
    this.child.tell({ kind: 'quiet' });
  }

  /** Writes down where the registry sees each session. */
  async lookUp(withinMs: number): Promise<void> {
    const before = this.status.lookedUp;
    this.child.tell({ kind: 'look-up' });
    await eventually('the registry to answer', () => this.status.lookedUp > before, { withinMs });
  }

  async finish(): Promise<void> {
    await this.child.finish({ kind: 'finish' }, 5_000);
  }
  async kill(): Promise<void> {
    await this.child.kill();
  }
}
