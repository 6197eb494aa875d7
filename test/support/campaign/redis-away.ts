import { nowUs } from '../judge/records.js';
import { acknowledged, received } from '../stage/troubles.js';
import { lasting, pause, type Scene } from './scene.js';

/** From the return of Redis until publishes are acknowledged and delivered again. */
const normalWithinMs = 10_000;
/** What was under way when Redis went is acknowledged and counted by then. */
const underWayMs = 2_000;
/**
 * Longer than this the crowd is quiet. What it would pile up measures the machine, and on the return it is more than a
 * stream keeps: whoever moves just then is rightly told `trimmed`, and no judge could tell that from a loss (seed 2411,
 * pair 161: 1,600 messages a room after 100 s, with a rollout; 6 such resets).
 */
const piledUpMs = 10_000;

/** SIGKILL, and back later. If nothing else disturbs anybody, the whole promise about an outage is checked. */
export async function away(scene: Scene, mostMs: number, leastMs = 1_000): Promise<void> {
  const { stage, crowd, undisturbed } = scene;
  const forMs = lasting(scene, leastMs, mostMs);
  const goneAtUs = nowUs();
  await stage.durableRedis.kill();
  let meanwhile = 0;
  try {
    meanwhile = await acknowledgedIn(scene, forMs);
  } finally {
    await stage.durableRedis.comeBack();
  }
  crowd.publish();
  if (!undisturbed) return;
  const { clients, inFlight } = totalsOf(scene);
  const back = [acknowledged(crowd, inFlight + clients, normalWithinMs), received(crowd, 200, normalWithinMs)];
  const late = (await Promise.allSettled(back)).flatMap((outcome) =>
    outcome.status === 'rejected' ? [`10 s after its return: ${String(outcome.reason)}`] : [],
  );
  const broken = outageComplaints(meanwhile, await crowd.closings(goneAtUs), late);
  if (broken.length > 0) throw new Error(broken.join('; '));
}

/** What an outage of Redis has broken, as sentences. */
export function outageComplaints(meanwhile: number, closings: readonly string[], late: readonly string[]): string[] {
  return [
    ...(meanwhile > 0 ? [`${meanwhile} publishes acknowledged while it was away`] : []),
    ...(closings.length > 0 ? [`${closings.length} sockets closed, the first of ${closings[0] ?? ''}`] : []),
    ...late,
  ];
}

async function acknowledgedIn(scene: Scene, forMs: number): Promise<number> {
  const first = Math.min(underWayMs, forMs);
  await pause(first);
  const before = totalsOf(scene).acknowledged;
  if (forMs > piledUpMs) scene.crowd.quiet();
  await pause(forMs - first);
  return totalsOf(scene).acknowledged - before;
}

function totalsOf({ crowd }: Scene): { clients: number; inFlight: number; acknowledged: number } {
  const totals = { clients: 0, inFlight: 0, acknowledged: 0 };
  for (const status of crowd.status) {
    totals.clients += status.clients;
    totals.inFlight += status.inFlight;
    totals.acknowledged += status.acknowledged;
  }
  return totals;
}
