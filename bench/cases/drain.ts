import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '../../test/support/free-port.js';
import { guarantees } from '../guarantees.js';
import { figureOf, type CaseResult, type Sample } from '../measure.js';
import type { LogLine } from '../server.js';
import type { Stage } from '../stage.js';

/** As fast as the peers can take them; the default is 500, kinder to what else they do. */
const PACE = { BATON_DRAIN_PACE_PER_RECEIVER: '2000', BATON_DRAIN_HAND_OVER_MS: '20000' } as const;
const WITHIN_MS = 60_000;
/** Pods are given clients when they have been ready for this long. */
const READY_FOR_MS = 3_500;

/** SIGTERM for a pod with all connections, two peers with none. */
export async function drain(stage: Stage): Promise<readonly CaseResult[]> {
  const { connections, quick } = stage.options;
  const samples: Sample[] = [];
  for (let repetition = 0; repetition < (quick ? 1 : 3); repetition += 1) samples.push(await once(stage));
  const from = (name: string) => samples.map((sample) => ({ value: sample[name] ?? NaN }));
  const figure = (what: readonly Sample[]) => [figureOf('Baton', guarantees.baton, what)];
  const shape = { unit: 's', better: 'less' as const };
  return [
    {
      name: 'drain',
      title: `drain of ${connections} connections to two peers, from the first \`migrate\` to the last that has moved`,
      ...shape,
      figures: figure(samples),
      goal: { against: null, atMost: 10 },
    },
    {
      name: 'drain-whole',
      title: 'the same from SIGTERM to the exit (looking round for a rollout: 2.5 s)',
      ...shape,
      figures: figure(from('whole')),
      goal: null,
    },
    {
      name: 'drain-forced',
      title: 'of them closed by force, or lost',
      unit: 'connections',
      better: 'less',
      figures: figure(from('forced')),
      goal: { against: null, atMost: 0 },
    },
  ];
}

async function once(stage: Stage): Promise<Sample> {
  const { connections } = stage.options;
  try {
    const redis = await stage.redis();
    const leaving = await stage.pod(redis, 'leaving', PACE, null);
    for (const name of ['peer-1', 'peer-2']) {
      const port = String(await freePort());
      const place = { BATON_PORT: port, BATON_ADVERTISED_URL: `ws://127.0.0.1:${port}` };
      await stage.pod(redis, name, { ...PACE, ...place }, null);
    }
    const load = stage.load('baton', leaving, connections, 'own');
    await load.ask('streams 1 "session":null');
    await load.open(connections);
    await pause(READY_FOR_MS);
    const startedMs = performance.now();
    const moving = load.ask(`moved ${WITHIN_MS}`);
    leaving.signal('SIGTERM');
    const moved = await moving;
    await leaving.exited();
    const wholeSeconds = (performance.now() - startedMs) / 1_000;
    const released = phase(leaving.lines, 'handing-over');
    const finished = leaving.lines.find(({ event }) => event === 'drain.finished');
    const lost = connections - moved.count;
    return {
      value: Number(finished?.['tookMs'] ?? NaN) / 1_000 - released,
      whole: wholeSeconds,
      forced: Number(finished?.['forced'] ?? NaN) + lost + moved.failed,
      loadShare: moved.cpuShare,
    };
  } finally {
    await stage.clear();
  }
}

/** Seconds after SIGTERM. */
function phase(lines: readonly LogLine[], to: string): number {
  const line = lines.find((candidate) => candidate['event'] === 'drain.phase' && candidate['to'] === to);
  return Number(line?.['afterMs'] ?? NaN) / 1_000;
}
