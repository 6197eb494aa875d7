import { asChannelName, asTenantId } from '../../src/protocol/ids.js';
import { randomId } from '../../src/lib/random-id.js';
import { StreamPod } from '../../test/support/stream-pod.js';
import { guarantees } from '../guarantees.js';
import type { LoadClient } from '../load-client.js';
import { interleave, type CaseResult, type Sample } from '../measure.js';
import { perSecondOfConnections } from '../sampling.js';
import type { Server } from '../server.js';
import { TENANT, type Stage } from '../stage.js';

const CLIENTS = 2_000;
/** Of the peer, which takes some 100 ms for each. */
const FEW_CLIENTS = 16;
const MISSED = 10;
const UNRELATED = 10_000;
const AT_ONCE = 32;
const DATA = 'x'.repeat(256);

/** Clients come back: each has missed 10 messages, behind 10,000 that are not for it. */
export async function resume(stage: Stage): Promise<readonly CaseResult[]> {
  const redis = await stage.redis();
  const baton = await stage.pod(redis);
  const log = await StreamPod.start(redis.url, 'bench:', { windowMs: 600_000 }, { commandTimeoutMs: 5_000 });
  try {
    const peersRedis = await stage.redis();
    const socketIo = await stage.peer('socket-io', { REDIS_URL: peersRedis.url, RECOVERY: '1', MAX_LEN: '100000' });
    const ours = stage.load('baton', baton, CLIENTS);
    const theirs = stage.load('socket.io', socketIo, FEW_CLIENTS);
    await ours.ask('streams 1 "channel:mine-%u":null');
    await ours.open(CLIENTS);
    await theirs.ask('streams 1 -');
    await theirs.open(FEW_CLIENTS);
    // Its clients learn an offset with their first message only.
    await miss(socketIo, FEW_CLIENTS, 0);
    const contenders = [
      { subject: 'Baton', guarantee: guarantees.baton, run: () => comeBack(ours, baton, () => publish(log)) },
      {
        subject: 'Socket.IO',
        guarantee: guarantees.socketIoRecovery,
        run: () => comeBack(theirs, socketIo, () => miss(socketIo, FEW_CLIENTS, UNRELATED)),
      },
    ];
    for (const { run } of contenders) await run();
    const figures = await interleave(stage.options.repetitions, contenders);
    return [
      {
        name: 'resume',
        title: `resume with ${MISSED} missed messages behind ${UNRELATED} unrelated ones`,
        unit: 'resumes/s',
        better: 'more',
        figures,
        goal: { against: 'Socket.IO', atLeastTimes: 300 },
      },
    ];
  } finally {
    log.close();
  }
}

async function comeBack(load: LoadClient, server: Server, missSome: () => Promise<void>): Promise<Sample> {
  await load.ask('drop');
  await missSome();
  return perSecondOfConnections(server, () => load.ask(`resume ${AT_ONCE} ${MISSED}`));
}

/** The appends that a backend makes over HTTP, without HTTP. */
async function publish({ log }: StreamPod): Promise<void> {
  const send = (channel: string) =>
    log.append(
      { kind: 'channel', tenant: asTenantId(TENANT), channel: asChannelName(channel) },
      { kind: 'send', idempotency: randomId(), data: JSON.stringify(DATA) },
    );
  for (let count = 0; count < UNRELATED; count += 500)
    await Promise.all(Array.from({ length: 500 }, (_, index) => send(`other-${index % 100}`)));
  for (let client = 0; client < CLIENTS; client += 100)
    await Promise.all(
      Array.from({ length: 100 * MISSED }, (_, index) => send(`mine-${client + Math.floor(index / MISSED)}`)),
    );
}

async function miss(server: Server, rooms: number, unrelated: number): Promise<void> {
  const each = unrelated === 0 ? 1 : MISSED;
  const answer = await server.ask({ miss: { rooms, each, unrelated, data: DATA } });
  if (!(answer as { readonly missed: boolean }).missed)
    throw new Error('the peer did not publish what was to be missed');
}
