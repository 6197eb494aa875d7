import { eventually } from '../eventually.js';
import { Child } from './child.js';
import type { LoadCommand, LoadOptions, LoadStatus, StragglerKind } from './load-messages.js';

export type { LoadOptions, LoadStatus } from './load-messages.js';

/** Processes full of clients, as one. */
export class Load {
  private readonly children: readonly Child<LoadCommand, LoadStatus>[];

  /** @param main the compiled load-main: clients are of that build, too */
  constructor(main: string, processes: readonly LoadOptions[]) {
    this.children = processes.map((options) => new Child(`load ${options.name}`, main, options));
  }

  /** Of all processes together. */
  get status(): LoadStatus {
    return this.children.map((child) => child.status ?? nothing).reduce(together, nothing);
  }

  /** What the processes wrote to stderr. */
  get words(): string {
    return this.children.map(({ words }) => words).join('');
  }

  /** Until every client is connected and has subscribed to its streams. */
  async arrived(withinMs: number): Promise<void> {
    const all = () => this.children.every(({ status }) => status !== null && status.subscribed === status.clients);
    await eventually(() => `all clients to subscribe (${this.inShort()}\n${this.words})`, all, {
      withinMs,
      everyMs: 50,
    });
  }

  /** Until the status is of a moment after this call. */
  async refreshed(): Promise<void> {
    const before = this.children.map(({ updates }) => updates);
    const newer = () => this.children.every(({ updates, running }, n) => !running || updates > (before[n] ?? 0) + 1);
    await eventually('the clients to say how they are', newer, { withinMs: 10_000 });
  }

  /** Begins to publish. */
  publish(): void {
    this.tell({ kind: 'publish' });
  }

  /** Stops publishing; what is under way goes on. */
  quiet(): void {
    this.tell({ kind: 'quiet' });
  }

  /** The clients of every second process read nothing, until `resume`. */
  pauseHalf(): void {
    for (const child of this.children.filter((_, n) => n % 2 === 0)) child.pause();
  }
  resume(): void {
    for (const child of this.children) child.resume();
  }

  /** Each client writes down how it is, now that all is quiet. Resolves when that is in the logs. */
  async lastWords(): Promise<void> {
    const before = this.children.map(({ status }) => status?.lastWords ?? 0);
    this.tell({ kind: 'last-word' });
    const all = () => this.children.every(({ status }, n) => (status?.lastWords ?? 0) > (before[n] ?? 0));
    await eventually('the last words of the clients', all, { withinMs: 10_000 });
  }

  /** `hello`s of somebody else; resolves when each has its answer. */
  async straggle(clients: number, as: StragglerKind, withinMs: number): Promise<readonly string[]> {
    const before = this.status.stragglers.length;
    this.tell({ kind: 'straggle', clients, as });
    const expected = before + this.children.length * clients;
    const answered = () => this.status.stragglers.length >= expected;
    await eventually(() => `${expected} stragglers to be answered`, answered, { withinMs });
    return this.status.stragglers.slice(before);
  }

  /** True when every client is connected and nothing is unsettled. */
  get calm(): boolean {
    const { clients, connected, moving, inFlight } = this.status;
    return connected === clients && moving === 0 && inFlight === 0;
  }

  /** Last words, and the end of the processes. */
  async finish(): Promise<void> {
    await Promise.all(this.children.map((child) => child.finish({ kind: 'finish' }, 10_000)));
  }

  async kill(): Promise<void> {
    await Promise.all(this.children.map((child) => child.kill()));
  }

  inShort(): string {
    const { clients, connected, subscribed, moving, inFlight } = this.status;
    return `of ${clients} clients ${connected} connected, ${subscribed} subscribed, ${moving} moving; ${inFlight} messages in flight`;
  }

  private tell(command: LoadCommand): void {
    for (const child of this.children) child.tell(command);
  }
}

const nothing: LoadStatus = {
  clients: 0,
  connected: 0,
  subscribed: 0,
  moving: 0,
  pods: {},
  moves: 0,
  received: 0,
  acknowledged: 0,
  inFlight: 0,
  stragglers: [],
  lastWords: 0,
  sessions: [],
};

function together(a: LoadStatus, b: LoadStatus): LoadStatus {
  const pods: Record<string, number> = { ...a.pods };
  for (const [pod, clients] of Object.entries(b.pods)) pods[pod] = (pods[pod] ?? 0) + clients;
  return {
    clients: a.clients + b.clients,
    connected: a.connected + b.connected,
    subscribed: a.subscribed + b.subscribed,
    moving: a.moving + b.moving,
    pods,
    moves: a.moves + b.moves,
    received: a.received + b.received,
    acknowledged: a.acknowledged + b.acknowledged,
    inFlight: a.inFlight + b.inFlight,
    stragglers: [...a.stragglers, ...b.stragglers],
    lastWords: a.lastWords + b.lastWords,
    sessions: [...a.sessions, ...b.sessions],
  };
}
