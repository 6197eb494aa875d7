import { guarantees } from '../guarantees.js';
import { interleave, type CaseResult } from '../measure.js';
import { perSecond } from '../sampling.js';
import type { Stage } from '../stage.js';

const CLIENTS = 64;
const BYTES = 64;

const kinds = [
  {
    name: 'committed-echo',
    what: 'publish to a channel, acknowledged',
    stream: 'channel:shared',
    event: 'shared',
    until: 'ack',
    goal: { against: 'Socket.IO', atLeastTimes: 3 },
  },
  {
    name: 'own-echo',
    what: "publish to a channel of one's own, acknowledged and received",
    stream: 'channel:own-%u',
    event: 'own',
    until: 'both',
    goal: null,
  },
] as const;

/** 64 clients publish and wait for the answer; Baton's comes when Redis has it, Socket.IO's before. */
export async function committedEcho(stage: Stage): Promise<readonly CaseResult[]> {
  const baton = await stage.pod(await stage.redis());
  const redis = await stage.redis();
  const socketIo = await stage.peer('socket-io', { REDIS_URL: redis.url });
  const ours = stage.load('baton', baton, CLIENTS);
  const theirs = stage.load('socket.io', socketIo, CLIENTS);
  const results: CaseResult[] = [];
  for (const { name, what, stream, event, until, goal } of kinds) {
    // Sequences count per stream: other clients for another stream.
    await ours.ask('reset');
    await ours.ask(until === 'both' ? `streams 1 "${stream}":null` : 'streams 0 ');
    await ours.open(CLIENTS);
    await theirs.ask('reset');
    await theirs.open(CLIENTS);
    for (const inFlight of [1, 8]) {
      const contenders = [
        { subject: 'Baton', guarantee: guarantees.baton, server: baton, load: ours, to: stream },
        { subject: 'Socket.IO', guarantee: guarantees.socketIoStreams, server: socketIo, load: theirs, to: event },
      ].map(({ subject, guarantee, server, load, to }) => ({
        subject,
        guarantee,
        run: () =>
          perSecond(server, () => load.ask(`echo ${to} ${inFlight} ${BYTES} ${stage.options.windowMs} ${until}`)),
      }));
      for (const { run } of contenders) await run();
      results.push({
        name: `${name}-${inFlight}`,
        title: `${what}; ${CLIENTS} clients, ${inFlight} in flight each`,
        unit: 'messages/s',
        better: 'more',
        figures: await interleave(stage.options.repetitions, contenders),
        goal,
      });
    }
  }
  return results;
}
