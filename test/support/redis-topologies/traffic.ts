import { eventually } from '../eventually.js';
import type { Installation } from '../in-process-pod.js';
import { historyOf } from '../judge/history.js';
import type { Phase } from '../judge/measures.js';
import { type Happening, type LogRecord, nowUs } from '../judge/records.js';
import { summaryOf } from '../judge/summary.js';
import { count, judge, type Judgement, type Verdict } from '../judge/verdict.js';
import { signToken } from '../load/credentials.js';
import { LoadClient } from '../load/load-client.js';
import { Ticker } from '../load/ticker.js';

export interface TrafficOptions {
  /** Ports of the pods; clients are shared out among them in turn. */
  readonly ports: readonly number[];
  readonly clients: number;
  /** Of each client. */
  readonly perSecond: number;
}

/** Half of a room is on either pod, so that most messages cross. */
const ROOM_SIZE = 4;
const CALM_WITHIN_MS = 20_000;
/** A replica is behind its master by less. */
const UNREPLICATED_US = 1_000_000;

/** Applications in this process that publish to each other through several pods, and the judge over what they saw. */
export class Traffic {
  private readonly records: LogRecord[] = [];
  private readonly clients: readonly LoadClient[];
  private readonly ticker: Ticker;
  private readonly phases: Phase[] = [];

  private constructor({ signer }: Installation, { ports, clients, perSecond }: TrafficOptions) {
    const notes = { nowUs, note: (who: string, happening: Happening) => this.note(who, happening) };
    this.clients = Array.from({ length: clients }, (_, index) => {
      const url = `ws://127.0.0.1:${ports[index % ports.length] ?? 0}`;
      const usual = { tenant: 'acme', roomSize: ROOM_SIZE, backoff: { baseMs: 20, maxMs: 500 } };
      const token = (user: string) => signToken(signer, usual.tenant, user);
      return new LoadClient(`client-${index}`, index, { ...usual, url, token }, notes);
    });
    let turn = 0;
    this.ticker = new Ticker(perSecond * clients, () => this.clients[turn++ % clients]?.publish());
  }

  /** Resolves when everybody is subscribed to everything and publishes. */
  static async begin(installation: Installation, options: TrafficOptions): Promise<Traffic> {
    const traffic = new Traffic(installation, options);
    await eventually('every client to be subscribed', () => traffic.clients.every(({ subscribed }) => subscribed), {
      withinMs: CALM_WITHIN_MS,
    });
    traffic.ticker.start();
    return traffic;
  }

  get acknowledged(): number {
    return this.clients.reduce((sum, client) => sum + client.acknowledged, 0);
  }
  /** Published and not answered yet. */
  get waiting(): number {
    return this.clients.reduce((sum, client) => sum + client.inFlight, 0);
  }
  /** Sockets that were opened, by everybody: as many as clients if nobody ever had to come back. */
  get connects(): number {
    return this.records.filter(({ kind }) => kind === 'connect').length;
  }
  /** What was acknowledged, by its id. */
  get acknowledgedIds(): ReadonlySet<string> {
    return new Set(this.records.flatMap((record) => (record.kind === 'acknowledged' ? [record.uid] : [])));
  }
  /** What is judged by itself begins now; what was before ends. */
  begin(phase: string): void {
    const atUs = nowUs();
    const before = this.phases.pop();
    if (before !== undefined) this.phases.push({ ...before, toUs: atUs });
    this.phases.push({ name: phase, fromUs: atUs, toUs: Infinity });
  }
  /** Redis has lost what was written since the phase began, or some of it: what was not acknowledged is sent again. */
  rewound(): void {
    const streams = new Set(this.records.flatMap((record) => (record.kind === 'send' ? [record.stream] : [])));
    const sinceUs = (this.phases.at(-1)?.fromUs ?? nowUs()) - UNREPLICATED_US;
    for (const stream of streams) this.note('redis', { kind: 'rewound', stream, sinceUs });
  }
  /** So many more have been acknowledged since the call. */
  async flows(more: number, withinMs = 15_000): Promise<void> {
    const from = this.acknowledged;
    await eventually(
      () => `${more} more acknowledgements, not ${this.acknowledged - from}`,
      () => this.acknowledged >= from + more,
      { withinMs },
    );
  }

  /** So many more, and nobody waits any longer: every stream flows. */
  async flowsAgain(more: number): Promise<void> {
    await this.flows(more, CALM_WITHIN_MS);
    await eventually('every stream to flow', () => this.waiting < this.clients.length, { withinMs: CALM_WITHIN_MS });
  }

  /** Publishes nothing more, waits until everything has arrived, or won't, and closes the clients. */
  async end(): Promise<Judgement> {
    this.ticker.stop();
    const quiet = () => this.clients.every(({ state, inFlight }) => state.kind === 'connected' && inFlight === 0);
    const lacking = () => count(this.judged().whole, 'LOST');
    await eventually('everything to arrive', () => quiet() && lacking() === 0, {
      withinMs: CALM_WITHIN_MS,
      everyMs: 100,
    }).catch(() => undefined);
    await Promise.all(this.clients.map((client) => client.finish()));
    const judgement = this.judged();
    for (const verdict of [judgement.whole, ...judgement.phases]) {
      console.log(
        `${this.acknowledged} acknowledged, ${this.connects} connects; ${verdict.phase}: ${summaryOf(verdict)}`,
      );
    }
    return judgement;
  }

  /** Also after `end`. */
  async stop(): Promise<void> {
    this.ticker.stop();
    await Promise.all(this.clients.map((client) => client.finish()));
  }

  /** What was rewound excuses what is sent again. It excuses no loss: each has to be told. */
  private judged(): Judgement {
    const forgiving = judge(historyOf(this.records), this.phases);
    const strict = judge(historyOf(this.records.filter(({ kind }) => kind !== 'rewound')), this.phases);
    return {
      whole: withLossesOf(strict.whole, forgiving.whole),
      phases: forgiving.phases.map((verdict, at) => withLossesOf(strict.phases[at] ?? verdict, verdict)),
    };
  }
  private note(who: string, happening: Happening): void {
    this.records.push({ atUs: nowUs(), who, ...happening });
  }
}

function withLossesOf(strict: Verdict, forgiving: Verdict): Verdict {
  const losses = strict.violations.filter(({ broken }) => broken === 'LOST');
  return { ...forgiving, violations: [...losses, ...forgiving.violations.filter(({ broken }) => broken !== 'LOST')] };
}
