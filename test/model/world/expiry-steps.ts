import type { Take } from './own-steps.js';
import type { FaultKind, Scope } from './scope.js';
import { PODS, type LogName, type Pod, type PodConnection, type PodNumber, type World } from './world.js';

/** What runs out in Redis when hours pass: only what nobody keeps by the rules, and only when nothing is under way. */
export function expirySteps(world: World, scope: Scope, may: (kind: FaultKind) => boolean, fault: Take): void {
  if (!isQuiet(world)) return;
  if (may('expire-session')) sessions(world, fault);
  if (may('expire-publisher')) publishers(world, scope, fault);
  if (may('expire-top')) tops(world, scope, fault);
}

const podOf = (world: World, number: PodNumber): Pod => (number === 0 ? world.pod0 : world.pod1);

function isQuiet(world: World): boolean {
  const idle = PODS.every((number) => {
    const { commands, replies, heard, life } = podOf(world, number);
    return life === 'up' && commands.length + replies.length + heard.length === 0;
  });
  const sockets = [...world.sockets0, ...world.sockets1];
  return (
    idle &&
    sockets.every(({ up, down, clientOpen, podOpen }) => {
      return clientOpen && podOpen && up.length + down.length === 0;
    })
  );
}

function openOnes(world: World): readonly PodConnection[] {
  return PODS.flatMap((number) => Object.values(podOf(world, number).connections)).filter(
    ({ state }) => state === 'open',
  );
}

function sessions(world: World, fault: Take): void {
  const { redis } = world;
  for (const session of Object.keys(redis.rows)) {
    if (openOnes(world).some((connection) => connection.session === session)) continue;
    fault(`hours pass, and ${session} expires`, (turn) => {
      const { [session]: _, ...rows } = redis.rows;
      turn.setRedis({ ...redis, rows });
    });
  }
}

/** The key outlives the row of its session; the sweep refreshes it for whoever is connected and has published. */
function publishers(world: World, { without }: Scope, fault: Take): void {
  const { redis } = world;
  for (const key of Object.keys(redis.settled)) {
    const publisher = key.slice(0, key.indexOf(' '));
    const connection = openOnes(world).find((each) => each.publisher === publisher);
    const isSwept = connection?.used === true && !without.includes('the-sweep-keeps-sequences');
    const isAway = connection === undefined && Object.values(redis.rows).length > 0;
    if (isSwept || isAway) continue;
    fault(`hours pass, and what ${publisher} has settled expires`, (turn) => {
      const { [key]: _, ...settled } = redis.settled;
      turn.setRedis({ ...redis, settled });
    });
  }
}

/** It lives longer than any session whose client is away, and the sweep refreshes it under subscribers. */
function tops(world: World, { without }: Scope, fault: Take): void {
  const { redis } = world;
  const isFollowed = (log: LogName) => log in world.pod0.streams || log in world.pod1.streams;
  for (const log of Object.keys(redis.logs)) {
    const isYoung = !isFollowed(log) && Object.values(redis.rows).length > 0;
    const isSwept = isFollowed(log) && !without.includes('the-sweep-keeps-the-top');
    if (isYoung || isSwept) continue;
    fault(`hours pass, and the idle ${log} expires with its top`, (turn) => {
      const { [log]: _, ...logs } = redis.logs;
      turn.setRedis({ ...redis, logs });
      if (!isFollowed(log)) turn.hasCause(log);
    });
  }
}
