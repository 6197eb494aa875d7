import { guarantees } from '../guarantees.js';
import { interleave, type CaseResult } from '../measure.js';
import { perSecondOfConnections } from '../sampling.js';
import type { Stage } from '../stage.js';

const AT_ONCE = 32;
/** So many may be between their end and their server's knowing of it. */
const CLIENTS = 2_000;

/** Connections are opened and cut, one after the other, in 32 lanes. */
export async function handshakes(stage: Stage): Promise<readonly CaseResult[]> {
  const baton = await stage.pod(await stage.redis());
  const socketIo = await stage.peer('socket-io');
  const ws = await stage.peer('bare-ws');
  const ours = stage.load('baton', baton, CLIENTS, 'own');
  await ours.ask('streams 0 ');
  const subjects = {
    baton: { subject: 'Baton', guarantee: guarantees.baton, server: baton, load: ours },
    socketIo: {
      subject: 'Socket.IO',
      guarantee: guarantees.socketIo,
      server: socketIo,
      load: stage.load('socket.io', socketIo, CLIENTS),
    },
    ws: { subject: 'bare ws', guarantee: guarantees.bareWs, server: ws, load: stage.load('bare', ws, CLIENTS) },
  };
  const measure = async (until: 'ready' | 'upgrade', who: readonly (keyof typeof subjects)[]) => {
    const contenders = who.map((name) => {
      const { subject, guarantee, server, load } = subjects[name];
      const run = () =>
        perSecondOfConnections(server, () => load.ask(`handshakes ${AT_ONCE} ${stage.options.windowMs} ${until}`));
      return { subject, guarantee, run };
    });
    for (const { run } of contenders) await run();
    return interleave(stage.options.repetitions, contenders);
  };
  return [
    {
      name: 'handshakes-ready',
      title: 'handshakes until the session is there (Baton: token verified, claimed in Redis)',
      unit: 'connections/s',
      better: 'more',
      figures: await measure('ready', ['baton', 'socketIo']),
      goal: null,
    },
    {
      name: 'handshakes-upgrade',
      title: 'handshakes until the answer to the upgrade',
      unit: 'connections/s',
      better: 'more',
      figures: await measure('upgrade', ['baton', 'socketIo', 'ws']),
      goal: null,
    },
  ];
}
