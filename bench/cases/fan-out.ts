import { guarantees } from '../guarantees.js';
import type { LoadClient } from '../load-client.js';
import { interleave, type CaseResult, type Contender } from '../measure.js';
import { perSecond } from '../sampling.js';
import type { Server } from '../server.js';
import type { Stage } from '../stage.js';

const RECEIVERS = 1_000;
const BYTES = 256;
/** There are always some waiting, so that the server needn't wait for the client. */
const BURSTS_AT_ONCE = 4;

interface Subject {
  readonly subject: string;
  readonly guarantee: string;
  readonly server: Server;
  readonly load: LoadClient;
  /** What the first client publishes to. */
  readonly stream: string;
}

/** One client publishes to 1,000, itself among them: 16 messages in one write, or the next when all have the last. */
export async function fanOut(stage: Stage): Promise<readonly CaseResult[]> {
  const subjects = await start(stage);
  for (const { load } of subjects) await load.open(RECEIVERS);
  const measure = async (burst: number, atOnce: number) => {
    const contenders = subjects.map(({ subject, guarantee, server, load, stream }): Contender => ({
      subject,
      guarantee,
      run: () =>
        perSecond(server, () => load.ask(`fanout ${stream} ${burst} ${atOnce} ${BYTES} ${stage.options.windowMs}`)),
    }));
    // Once for the compilers.
    for (const { run } of contenders) await run();
    return interleave(stage.options.repetitions, contenders);
  };
  return [
    {
      name: 'fan-out-bursts',
      title: `fan-out 1 to ${RECEIVERS}, bursts of 16 (${BURSTS_AT_ONCE} under way), ${BYTES} B`,
      unit: 'deliveries/s',
      better: 'more',
      figures: await measure(16, BURSTS_AT_ONCE),
      goal: { against: 'Socket.IO', atLeastTimes: 15 },
    },
    {
      name: 'fan-out-single',
      title: `fan-out 1 to ${RECEIVERS}, one at a time, ${BYTES} B`,
      unit: 'deliveries/s',
      better: 'more',
      figures: await measure(1, 1),
      goal: { against: 'Socket.IO', atLeastTimes: 1.5 },
    },
  ];
}

async function start(stage: Stage): Promise<readonly Subject[]> {
  const baton = await stage.pod(await stage.redis());
  const ofBaton = stage.load('baton', baton, RECEIVERS);
  await ofBaton.ask('streams 1 "channel:room":null');
  const socketIo = await stage.peer('socket-io');
  const ws = await stage.peer('bare-ws');
  const [one, two] = [stage.load('socket.io', socketIo, RECEIVERS), stage.load('bare', ws, RECEIVERS)];
  return [
    { subject: 'Baton', guarantee: guarantees.baton, server: baton, load: ofBaton, stream: 'channel:room' },
    { subject: 'Socket.IO', guarantee: guarantees.socketIo, server: socketIo, load: one, stream: 'all' },
    { subject: 'bare ws', guarantee: guarantees.bareWs, server: ws, load: two, stream: '-' },
  ];
}
