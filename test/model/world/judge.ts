import { samePosition } from '../../../src/protocol/position.js';
import { CHANNEL, logOf, socketName } from './names.js';
import { CLIENTS, type Client, type ClientNumber, type World } from './world.js';

/** Promises that a single state can break; those of single steps are noted in `outside.broken`. */
export const brokenPromise = (world: World): string | null => world.outside.broken;

/** What somebody still lacks, in words; null: everybody is connected and caught up, and knows of every loss. */
export function whatIsMissing(world: World): string | null {
  if (world.pod0.doubt || world.pod1.doubt || world.pod0.pair !== 'up' || world.pod1.pair !== 'up')
    return 'a pod has not come back to Redis';
  for (const number of CLIENTS) {
    const client = number === 0 ? world.client0 : world.client1;
    const missing = client && missingTo(world, number, client);
    if (missing) return `client ${number} ${missing}`;
  }
  return null;
}

function missingTo(world: World, number: ClientNumber, client: Client): string | null {
  const { current, previous, next, session } = client.ownership;
  if (current === null || session === null) return 'is not connected';
  if (previous !== null || next.kind !== 'idle') return 'is still moving';
  const row = world.redis.rows[session.id];
  if (row?.connection !== socketName(number, current.connection) || row.detached)
    return 'is connected, and the row of its session does not name its connection';
  return missingInStreams(world, client, current.connection) ?? missingInPublishing(world, client);
}

function missingInStreams({ redis }: World, { streams, ownership }: Client, current: number): string | null {
  for (const { stream, position, feed, standby } of Object.values(streams)) {
    if (standby !== null || feed?.connection !== current || feed.phase.kind !== 'live') return `waits for ${stream}`;
    const top = redis.logs[logOf(stream, ownership.session?.id ?? '')]?.top;
    if (position === null || top === undefined || !samePosition(position, top))
      return `is quiet and not at the end of ${stream}`;
  }
  return null;
}

function missingInPublishing({ redis }: World, { publishing, probeDue, application }: Client): string | null {
  const { unsettled, retryFrom, markDue, acknowledged } = publishing;
  if (unsettled.length > 0 || retryFrom !== null || probeDue || (markDue && acknowledged))
    return 'waits for the answer to a publish';
  const entries = redis.logs[CHANNEL]?.entries ?? [];
  const unreported = application.acknowledged.find(
    ([seq, name]) => !application.lost.includes(seq) && !entries.some(({ data }) => data === name),
  );
  return unreported ? `was told that ${unreported[1]} is in the log, where it is not` : null;
}
