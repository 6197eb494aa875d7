import { appendFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '../eventually.js';
import { isBack } from '../judge/left-behind.js';
import { nowUs, type Happening } from '../judge/records.js';
import type { DeployedPod } from '../pods/deployment.js';
import type { RedisFaults } from './redis-faults.js';
import type { Stage } from './stage.js';

/** How much of what a client takes there is: by place (a pod, Redis), then by what. */
export type Inventory = ReadonlyMap<string, Readonly<Record<string, number>>>;

const answerWithinMs = 3_000;

/** What pods count and hold, as notes for the judge. */
export class PodNotes {
  /** @param logs the directory of the records */
  constructor(
    private readonly stage: Stage,
    private readonly redis: RedisFaults,
    private readonly logs: string,
  ) {}

  async note(who: string, happening: Happening): Promise<void> {
    const line = JSON.stringify({ atUs: nowUs(), who, ...happening });
    await appendFile(join(this.logs, 'pods.jsonl'), `${line}\n`);
  }

  /** Writes down what each pod that serves has counted, and what each that has ended said of its drain. */
  async count(): Promise<void> {
    for (const pod of this.stage.deployment.serving) {
      const metrics = await metricsOf(pod);
      const resets = sumOf(metrics, 'baton_stream_resets_total');
      await this.note(pod.name, { kind: 'counted', resets, forced: sumOf(metrics, 'baton_drain_forced_closes_total') });
    }
    for (const { name, process, exit } of this.stage.deployment.pods) {
      const last = process.logged('drain.finished').at(-1);
      if (exit === null || last === undefined) continue;
      await this.note(name, { kind: 'counted', resets: null, forced: Number(last['forced']) });
    }
  }

  /** For when nobody is there. */
  async inventory(): Promise<Inventory> {
    const sessions = await this.redis.keys('{*/s/*}:row');
    const everything = await this.redis.keys('*');
    const found = new Map([
      ['Redis', { sessions: sessions.all, 'keys that never expire': everything.endless.length }],
    ]) as Map<string, Readonly<Record<string, number>>>;
    for (const pod of this.stage.deployment.serving) {
      found.set(pod.name, {
        connections: sumOf(await metricsOf(pod), 'baton_connections'),
        'open descriptors': (await readdir(`/proc/${pod.process.pid}/fd`)).length,
      });
    }
    return found;
  }

  /**
   * Writes down what is there now, when all have left, beside what had been there `before`; a pod of later is held against
   * the others of then. Waits for what takes a moment to be given back.
   */
  async noteLeftovers(before: Inventory): Promise<void> {
    let now = await this.inventory();
    const given = async () => isWithin((now = await this.inventory()), before);
    await eventually('everything to be given back', given, { withinMs: 2_500 }).catch(() => undefined);
    for (const [who, things] of now) {
      for (const [what, after] of Object.entries(things)) {
        await this.note(who, { kind: 'left', what, before: amountOf(before, who, what), after });
      }
    }
  }
}

const isWithin = (now: Inventory, before: Inventory): boolean =>
  [...now].every(([who, things]) =>
    Object.entries(things).every(([what, after]) => isBack(amountOf(before, who, what), after)),
  );

/** Of this place, or else of the place that had most of it. */
function amountOf(inventory: Inventory, who: string, what: string): number {
  return inventory.get(who)?.[what] ?? Math.max(0, ...[...inventory.values()].map((things) => things[what] ?? 0));
}

async function metricsOf({ ports }: DeployedPod): Promise<string> {
  const url = `http://127.0.0.1:${String(ports?.healthPort)}/metrics`;
  const answer = await fetch(url, { signal: AbortSignal.timeout(answerWithinMs), headers: { connection: 'close' } });
  return answer.text();
}

/** Over all label values. */
function sumOf(metrics: string, name: string): number {
  const lines = metrics.split('\n').filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}
