import { join } from 'node:path';
import { eventually } from '../eventually.js';
import { recordsOf } from '../judge/history.js';
import { nothingAcknowledgedIsLost } from '../judge/lost.js';
import type { Phase } from '../judge/measures.js';
import { readHistory } from '../judge/read-logs.js';
import { nowUs } from '../judge/records.js';
import { judge, type Judgement } from '../judge/verdict.js';
import { Backend } from '../load/backend-process.js';
import type { TokenSigner } from '../load/credentials.js';
import type { StragglerKind } from '../load/load-messages.js';
import { Load, type LoadOptions, type LoadStatus } from '../load/load-process.js';
import type { Stage } from './stage.js';

const quietForMs = 500;

/** What a crowd must know of where it goes: a Stage, or the same on a cluster. */
export interface CrowdPlace extends Pick<Stage, 'options' | 'url' | 'apiUrl' | 'apiKeys' | 'logs'> {
  readonly secrets: { readonly signer: TokenSigner };
  /** Part of everybody's name, so that a later crowd of the same stage is another one. */
  readonly crowd?: string;
}

/** The clients and backends of a stage, with everything that they write down. */
export class Crowd {
  private readonly marks: { readonly name: string; readonly fromUs: number }[] = [];

  private constructor(
    private readonly stage: CrowdPlace,
    private readonly loads: readonly Load[],
    private readonly backends: readonly Backend[],
  ) {}

  /** Resolves when everybody has subscribed to everything and numbered messages go both ways. */
  static async arrive(stage: CrowdPlace): Promise<Crowd> {
    const loads = stage.options.tenants.map((tenant) => new Load(stage.options.build.load, loadOptions(stage, tenant)));
    try {
      await Promise.all(loads.map((load) => load.arrived(30_000)));
      const backends = stage.options.tenants.map((tenant, n) => backendOf(stage, tenant, loads[n]?.status));
      const crowd = new Crowd(stage, loads, backends);
      crowd.publish();
      return crowd;
    } catch (error) {
      await Promise.all(loads.map((load) => load.kill()));
      throw error;
    }
  }

  get status(): readonly LoadStatus[] {
    return this.loads.map(({ status }) => status);
  }
  /** What backends have sent so far. */
  get sent(): number {
    return this.backends.reduce((sum, { status }) => sum + status.sent, 0);
  }
  /** Every client is connected, nobody moves, nothing is unsettled. */
  get calm(): boolean {
    return this.loads.every(({ calm }) => calm) && this.backends.every(({ calm }) => calm);
  }

  publish(): void {
    for (const sender of [...this.loads, ...this.backends]) sender.publish();
  }
  quiet(): void {
    for (const sender of [...this.loads, ...this.backends]) sender.quiet();
  }
  /** Resolves when every client has heard that it is to publish nothing more. */
  async quieted(): Promise<void> {
    this.quiet();
    await Promise.all(this.loads.map((load) => load.refreshed()));
  }
  async straggle(clientsPerProcess: number, as: StragglerKind): Promise<readonly string[]> {
    return (await Promise.all(this.loads.map((load) => load.straggle(clientsPerProcess, as, 5_000)))).flat();
  }

  /** From here on what happens belongs to this phase. */
  phase(name: string): void {
    this.marks.push({ name, fromUs: nowUs() });
  }

  /** The clients of every second process read nothing, until `resume`. */
  pauseHalf(): void {
    for (const load of this.loads) load.pauseHalf();
  }
  resume(): void {
    for (const load of this.loads) load.resume();
  }

  /** Until every client is connected again after a fault. */
  async reconnected(withinMs: number): Promise<void> {
    await Promise.all(this.loads.map((load) => load.refreshed()));
    const connected = () => this.status.every((status) => status.connected === status.clients && status.moving === 0);
    await eventually(() => `every client to be connected (${this.inShort()})`, connected, { withinMs });
  }

  /**
   * Stops the traffic, lets things come to rest for at most `withinMs`, takes everybody's last word and judges. It
   * doesn't throw when they don't: the judge then says who was stranded and what was lost.
   */
  async judgement(withinMs: number): Promise<Judgement> {
    await this.comeToRest(withinMs);
    await this.finish();
    return this.judged();
  }

  /** The same, and everybody stays. */
  async judgementSoFar(withinMs: number): Promise<Judgement> {
    await this.comeToRest(withinMs);
    await Promise.all(this.loads.map((load) => orTooLate(load.lastWords())));
    return this.judged();
  }

  /** What the judge says of what is in the logs until now, at rest or not. */
  async judged(): Promise<Judgement> {
    return judge(await readHistory(this.stage.logs), this.phases());
  }

  /** Everybody leaves properly. */
  async finish(): Promise<void> {
    await Promise.all([...this.loads, ...this.backends].map((process) => process.finish()));
  }

  /** Connections of clients that were closed since then, as `<who>: <code> <reason>`. */
  async closings(sinceUs: number): Promise<readonly string[]> {
    // Logs are a little late.
    await Promise.all(this.loads.map((load) => load.refreshed()));
    const { clients } = await readHistory(this.stage.logs);
    const closes = clients.flatMap((client) => recordsOf(client, 'close')).filter(({ atUs }) => atUs >= sinceUs);
    return closes.map(({ who, code, reason }) => `${who}: ${code} ${reason}`);
  }

  async leave(): Promise<void> {
    await Promise.all([...this.loads, ...this.backends].map((process) => process.kill()));
  }

  inShort(): string {
    const words = this.loads.map((load) => load.words).join('');
    return `${this.loads.map((load) => load.inShort()).join('; ')}${words === '' ? '' : `\n...${words.slice(-500)}`}`;
  }

  private async comeToRest(withinMs: number): Promise<void> {
    this.quiet();
    const untilMs = performance.now() + withinMs;
    await orTooLate(this.atRest(withinMs));
    await orTooLate(this.complete(Math.max(quietForMs, untilMs - performance.now())));
    await Promise.all(this.backends.map((backend) => orTooLate(backend.lookUp(10_000))));
  }

  /** Calm, and for half a second nothing was received. */
  private async atRest(withinMs: number): Promise<void> {
    await Promise.all(this.loads.map((load) => load.refreshed()));
    let before = '';
    const still = () => {
      const now = JSON.stringify(this.status.map(({ received, acknowledged }) => [received, acknowledged]));
      const same = now === before;
      before = now;
      return this.calm && same;
    };
    await eventually(() => `rest (${this.inShort()})`, still, { withinMs, everyMs: quietForMs });
  }

  /** Until everything acknowledged has reached everybody: a pod may still be reading what it has missed. */
  private async complete(withinMs: number): Promise<void> {
    const complete = async () => nothingAcknowledgedIsLost(await readHistory(this.stage.logs)).length === 0;
    await eventually('everybody to have caught up', complete, { withinMs, everyMs: quietForMs });
  }

  private phases(): Phase[] {
    return this.marks.map(({ name, fromUs }, index) => ({
      name,
      fromUs,
      toUs: this.marks[index + 1]?.fromUs ?? Infinity,
    }));
  }
}

async function orTooLate(waiting: Promise<void>): Promise<void> {
  await waiting.catch(() => undefined);
}

function loadOptions(stage: CrowdPlace, tenant: string): LoadOptions[] {
  const name = nameOf(stage, tenant);
  const { processesPerTenant, clientsPerTenant, publishesPerSecond, roomSize, backoff } = stage.options;
  return Array.from({ length: processesPerTenant }, (_, n) => ({
    name: `${name}-${n}`,
    url: stage.url,
    tenant,
    clients: Math.ceil(clientsPerTenant / processesPerTenant),
    signer: stage.secrets.signer,
    perSecond: publishesPerSecond,
    roomSize,
    logFile: join(stage.logs, `clients-${name}-${n}.jsonl`),
    ...(backoff && { backoff }),
  }));
}

function backendOf(stage: CrowdPlace, tenant: string, status: LoadStatus | undefined): Backend {
  const sessions = status?.sessions ?? [];
  const users = [...new Set(sessions.map(({ user }) => user))];
  const targets = [
    ...sessions.map(({ session }) => ({ session })),
    ...users.map((user) => ({ user })),
    { channel: 'room-0' },
    { tenant: true as const },
  ];
  return new Backend(stage.options.build.backend, {
    name: `backend-of-${nameOf(stage, tenant)}`,
    tenant,
    apiKey: stage.apiKeys.find((key) => key.tenant === tenant)?.key ?? '',
    apiUrls: [stage.apiUrl],
    targets,
    sessions: sessions.map(({ session }) => session),
    perSecond: stage.options.sendsPerSecond,
    logFile: join(stage.logs, `backend-of-${tenant}.jsonl`),
  });
}

const nameOf = ({ crowd }: CrowdPlace, tenant: string): string => (crowd === undefined ? tenant : `${tenant}-${crowd}`);
