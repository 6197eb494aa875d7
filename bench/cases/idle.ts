import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '../../test/support/eventually.js';
import { guarantees } from '../guarantees.js';
import type { LoadClient } from '../load-client.js';
import { figureOf, type CaseResult, type Sample } from '../measure.js';
import { commandsBetween, RedisObserver, sumOf } from '../redis-counters.js';
import type { Server } from '../server.js';
import type { Stage } from '../stage.js';

/** Redis is watched for so long with nobody there, and once with everybody. */
const WATCHED_MS = { nobody: 6_000, quick: 10_000, full: 20_000 } as const;
const WINDOW = 64;

interface Idle {
  readonly held: Sample;
  readonly rss: Sample;
}

/** Connections that do nothing: what they take of the pod and of Redis. Each has its session and follows its own stream. */
export async function idle(stage: Stage): Promise<readonly CaseResult[]> {
  const ofBaton: Idle[] = [];
  const ofSocketIo: Idle[] = [];
  const ofWs: Idle[] = [];
  const inRedis: RedisCost[] = [];
  const repetitions = stage.options.quick ? 1 : 3;
  for (let repetition = 0; repetition < repetitions; repetition += 1) {
    inRedis.push(await pod(stage, ofBaton, repetition === 0));
    ofSocketIo.push(await peer(stage, 'socket-io', 'socket.io'));
    ofWs.push(await peer(stage, 'bare-ws', 'bare'));
  }
  return [
    memoryCase(stage, [ofBaton, ofSocketIo, ofWs], 'held'),
    memoryCase(stage, [ofBaton, ofSocketIo, ofWs], 'rss'),
    ...redisCases(stage, inRedis),
  ];
}

interface RedisCost {
  readonly bytes: Sample;
  /** Null: nobody has looked. */
  readonly commands: Sample | null;
}

async function pod(stage: Stage, into: Idle[], watches: boolean): Promise<RedisCost> {
  const { connections, quick } = stage.options;
  const redis = await stage.redis();
  const observer = new RedisObserver(redis.url);
  try {
    const server = await stage.pod(redis);
    const load = stage.load('baton', server, connections, 'own');
    await load.ask('streams 1 "session":null');
    const first = await observer.look();
    // A pod's own: beats and canaries.
    if (watches) await pause(WATCHED_MS.nobody);
    const own = sumOf(commandsBetween(first, await observer.look())) / WATCHED_MS.nobody;
    into.push(await open(stage, server, load));
    const before = await observer.look();
    const bytes = { value: (before.memory - first.memory) / connections };
    if (!watches) return { bytes, commands: null };
    const watchedMs = quick ? WATCHED_MS.quick : WATCHED_MS.full;
    await load.ask(`moved ${watchedMs}`);
    const perMs = sumOf(commandsBetween(before, await observer.look())) / watchedMs;
    return { bytes, commands: { value: (Math.max(0, perMs - own) / connections) * 60_000, podsOwn: own * 60_000 } };
  } finally {
    observer.close();
    await stage.clear();
  }
}

async function peer(stage: Stage, name: 'socket-io' | 'bare-ws', protocol: 'socket.io' | 'bare'): Promise<Idle> {
  const server = await stage.peer(name);
  const result = await open(stage, server, stage.load(protocol, server, stage.options.connections));
  await stage.clear();
  return result;
}

async function open(stage: Stage, server: Server, load: LoadClient): Promise<Idle> {
  const { connections } = stage.options;
  const { sockets } = await server.memory();
  // What the first connections cost once, such as compiled code, is no other's.
  await load.open(200, WINDOW);
  await load.ask('reset');
  const nobody = async () => (await server.memory()).sockets <= sockets;
  await eventually('the first connections to be gone', nobody);
  const before = await server.memory();
  await load.open(connections, WINDOW);
  await load.ask('moved 500');
  const after = await server.memory();
  return {
    held: { value: (after.held - before.held) / connections },
    rss: { value: (after.rss - before.rss) / connections },
  };
}

function memoryCase(
  stage: Stage,
  [baton, socketIo, ws]: readonly [Idle[], Idle[], Idle[]],
  what: keyof Idle,
): CaseResult {
  const samples = (idles: readonly Idle[]) => idles.map((one) => one[what]);
  return {
    name: what === 'rss' ? 'memory-rss' : 'memory',
    title: `memory per idle connection, ${stage.options.connections} of them: ${what === 'rss' ? 'resident' : 'JavaScript heap and buffers'}`,
    unit: 'B',
    better: 'less',
    figures: [
      figureOf('Baton', guarantees.baton, samples(baton)),
      figureOf('Socket.IO', guarantees.socketIo, samples(socketIo)),
      figureOf('bare ws', guarantees.bareWs, samples(ws)),
    ],
    goal: { against: null, atMost: 8_192 },
  };
}

function redisCases(stage: Stage, costs: readonly RedisCost[]): readonly CaseResult[] {
  const figure = (samples: readonly Sample[]) => [figureOf('Baton', guarantees.baton, samples)];
  return [
    {
      name: 'redis-commands',
      title: "Redis commands per idle connection and minute, beyond the pod's own",
      unit: 'commands/min',
      better: 'less',
      figures: figure(costs.flatMap(({ commands }) => commands ?? [])),
      // A claim and its two hints, and a read of a stream, once in the 10 minutes of a sweep.
      goal: { against: null, atMost: 0.4 },
    },
    {
      name: 'redis-bytes',
      title: `Redis memory per idle session without grants, ${stage.options.connections} of them`,
      unit: 'B',
      better: 'less',
      figures: figure(costs.map(({ bytes }) => bytes)),
      goal: { against: null, atMost: 1_200 },
    },
  ];
}
