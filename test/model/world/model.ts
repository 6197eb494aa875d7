import type { Model, Step } from '../engine/search.js';
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
    initial: scope.begins === 'connected' ? settledFrom(initialWorld(scope), scope) : initialWorld(scope),
    steps: (world) => (brokenPromise(world) === null ? [...ownSteps(world, scope), ...plotted(world, scope)] : []),
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
      plotAt: 0,
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

/** What may come from outside now: anything, or what the plot says. */
function plotted(world: World, scope: Scope): readonly Step<World>[] {
  const steps = outsideSteps(world, scope);
  const { plotAt } = world.outside;
  if (scope.plot.length === 0) return steps;
  const expected = scope.plot[plotAt];
  return steps.flatMap((step) => {
    const isFault = step.next.outside.faults < world.outside.faults;
    if (isFault && scope.plotted === 'wishes') return [step];
    if (expected === undefined || !step.says.includes(expected)) return [];
    const { next } = step;
    return [{ ...step, next: { ...next, outside: { ...next.outside, plotAt: plotAt + 1 } } }];
  });
}

/** Where the world comes to rest when nothing happens to it. */
function settledFrom(world: World, scope: Scope): World {
  const [first] = ownSteps(world, scope);
  return first === undefined ? world : settledFrom(first.next, scope);
}

/** A client needs one connection more than the scope has: what would follow isn't looked at. */
function isBeyondBounds({ client0, client1 }: World, { connections }: Scope): boolean {
  return [client0, client1].some(
    (client) => client?.ownership.next.kind === 'scheduled' && client.ownership.lastConnection >= connections,
  );
}
