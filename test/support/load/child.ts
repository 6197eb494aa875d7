import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

/**
 * A process of this test that is told what to do and says how it goes. It exits when the channel to this process closes,
 * so that it never outlives it.
 */
export class Child<Command, Status> {
  /** How often it has said how it goes. */
  updates = 0;
  private latest: Status | null = null;
  private readonly child: ChildProcess;
  private readonly said: string[] = [];

  /** @param main the compiled program; @param options go to it as JSON */
  constructor(
    readonly name: string,
    main: string,
    options: unknown,
  ) {
    this.child = spawn(process.execPath, ['--enable-source-maps', main, JSON.stringify(options)], {
      env: { PATH: process.env['PATH'] ?? '' },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.child.on('message', (status) => {
      this.latest = status as Status;
      this.updates += 1;
    });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      if (this.said.push(text) > 50) this.said.shift();
    });
  }

  /** As it was a fifth of a second ago at most; null before it has said anything. */
  get status(): Status | null {
    if (!this.running) throw new Error(`${this.name} has ended (${this.how}); it said:\n${this.words}`);
    return this.latest;
  }
  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }
  /** What it wrote to stderr. */
  get words(): string {
    return this.said.join('');
  }

  tell(command: Command): void {
    if (this.running) this.child.send(command as object);
  }

  /** Tells it to come to an end and waits for that; SIGKILL after `withinMs`. */
  async finish(command: Command, withinMs: number): Promise<void> {
    this.tell(command);
    const patience = setTimeout(() => this.child.kill('SIGKILL'), withinMs);
    if (this.running) await once(this.child, 'exit');
    clearTimeout(patience);
  }

  /** It stops where it is, reading nothing, until `resume`. */
  pause(): void {
    this.child.kill('SIGSTOP');
  }
  resume(): void {
    this.child.kill('SIGCONT');
  }

  async kill(): Promise<void> {
    if (!this.running) return;
    this.child.kill('SIGKILL');
    await once(this.child, 'exit');
  }

  private get how(): string {
    return this.child.signalCode ?? `code ${String(this.child.exitCode)}`;
  }
}
