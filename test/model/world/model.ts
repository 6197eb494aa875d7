import type { Model } from '../engine/search.js';
import type { StreamName } from '../../../src/protocol/stream-name.js';
import { ClientTurn, newClient } from './client.js';
import { brokenPromise, whatIsMissing } from './judge.js';
import { NEW_POD, outsideSteps } from './outside-steps.js';
import { ownSteps } from './own-steps.js';
import { EMPTY_REDIS } from './redis.js';
import type { Scope } from './scope.js';
import { Turn } from './turn.js';
import { CLIENTS, type World } from './world.js';

/** The world in which only what the scope allows can happen. */
export function modelOf(scope: Scope): Model<World> {
  return {
    initial: initialWorld(scope),
    steps: (world) => (brokenPromise(world) === null ? [...ownSteps(world, scope), ...outsideSteps(world, scope)] : []),
    brokenPromise,
    missing: (world) => (isBeyondBounds(world, scope) ? null : whatIsMissing(world)),
  };
}

function initialWorld(scope: Scope): World {
  const { publishes, sends, migrations, faults } = scope;
  const streamsOf = (number: number): readonly StreamName[] | undefined => scope.clients[number];
  const [first, second] = CLIENTS.map((number) => {
    const streams = streamsOf(number);
    return streams ? newClient(scope.firstPods[number], streams) : null;
  });
  const empty: World = {
    redis: EMPTY_REDIS,
    replica: null,
    pod0: NEW_POD,
    pod1: NEW_POD,
    client0: first ?? null,
    client1: second ?? null,
    sockets0: [],
    sockets1: [],
    outside: {
      ...{ faults, sends, publishes, migrations },
      entries: 0,
      logs: 0,
      strays: [],
      causes: [],
      broken: null,
    },
  };
  const turn = new Turn(empty, scope);
  for (const number of CLIENTS) if (streamsOf(number)) new ClientTurn(turn, number).tell({ type: 'start' });
  return turn.world;
}

/** A client needs one connection more than the scope has: what would follow isn't looked at. */
function isBeyondBounds({ client0, client1 }: World, { connections }: Scope): boolean {
  return [client0, client1].some(
    (client) => client?.ownership.next.kind === 'scheduled' && client.ownership.lastConnection >= connections,
  );
}
