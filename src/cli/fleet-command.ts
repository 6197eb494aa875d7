import { parseArgs } from 'node:util';
import { loadConfig } from '../config/load-config.js';
import type { FleetTable, FleetView } from '../fleet/fleet-table.js';
import type { PodRow } from '../fleet/fleet.js';
import { BatonError } from '../lib/baton-error.js';
import { systemClock } from '../lib/clock.js';
import { asPodId } from '../protocol/ids.js';
import { CommandFailure, type Command, type Terminal } from './command.js';
import { ttlOption } from './option-values.js';
import { ageOf, tableLines } from './table.js';

const CLEAR = '\u001B[H\u001B[J';

export const fleetCommand: Command = {
  name: 'fleet',
  summary: 'show the pods that share a Redis',
  usage: `baton fleet [--once] [--every 1s] [--json]

  --once   ends after one look; also without a terminal to write on
  --every  between two looks: 1s, 30s, 5m
  --json   one object a line and look: {"timeMs", "pods": [...]}

Reads Redis with the settings of a pod, so run it where they are:
kubectl exec -it deployment/baton -- baton fleet
A pod counts for as long as its row lives (BATON_BEAT_TTL_MS) after its last beat. Ctrl-C ends it, with 0.`,

  async run(args, terminal) {
    const { values } = parseArgs({
      args: [...args],
      options: {
        once: { type: 'boolean', default: false },
        every: { type: 'string', default: '1s' },
        json: { type: 'boolean', default: false },
      },
    });
    const everyMs = ttlOption(values.every, '--every') * 1_000;
    const isOnce = values.once || (!values.json && !terminal.isScreen);
    const show = values.json ? printJson : isOnce ? printTable : redrawTable;
    await withFleetTable(terminal, async (table) => {
      const { interrupted } = terminal;
      do show(await lookAt(table), terminal);
      while (!isOnce && (await pause(everyMs, interrupted)));
    });
    return 0;
  },
};

async function lookAt(table: FleetTable): Promise<FleetView> {
  try {
    return await table.beat(null);
  } catch (error) {
    if (!(error instanceof BatonError)) throw error;
    throw new CommandFailure(`${error.code}: ${error.message}`, 3);
  }
}

async function withFleetTable(terminal: Terminal, use: (table: FleetTable) => Promise<void>): Promise<void> {
  const { storage, redis, streams, pod } = loadConfig(terminal.env);
  if (storage === 'memory')
    throw new CommandFailure('with storage in memory there is one pod, and nobody to ask about it');
  const [{ RedisConnection }, { RedisKeys }, { RedisFleetTable }, { createLogger }] = await Promise.all([
    import('../redis/redis-connection.js'),
    import('../redis/keys.js'),
    import('../fleet/redis-fleet-table.js'),
    import('../observability/logger.js'),
  ]);
  const logger = createLogger({ level: 'silent', base: {} });
  const connection = new RedisConnection({ ...redis, canaryMs: streams.canaryMs }, systemClock, logger);
  try {
    await connection.start();
    await use(new RedisFleetTable(connection.commands, new RedisKeys(redis.keyPrefix), asPodId('cli'), pod.beatTtlMs));
  } finally {
    connection.close();
  }
}

/** False: interrupted. */
function pause(forMs: number, interrupted: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    if (interrupted.aborted) {
      resolve(false);
      return;
    }
    const timer = systemClock.after(forMs, () => {
      interrupted.removeEventListener('abort', end);
      resolve(true);
    });
    const end = (): void => {
      timer.cancel();
      resolve(false);
    };
    interrupted.addEventListener('abort', end);
  });
}

function printJson({ timeMs, rows }: FleetView, terminal: Terminal): void {
  terminal.print(JSON.stringify({ timeMs, pods: rows.toSorted(byAge) }));
}
function printTable(view: FleetView, terminal: Terminal): void {
  for (const line of fleetLines(view)) terminal.print(line);
}
function redrawTable(view: FleetView, terminal: Terminal): void {
  terminal.print(`${CLEAR}${fleetLines(view).join('\n')}`);
}

const byAge = (one: PodRow, other: PodRow): number => one.startedAtMs - other.startedAtMs;

/** The oldest first; times are Redis'. */
export function fleetLines({ timeMs, rows }: FleetView): readonly string[] {
  const head = ['POD', 'WORKLOAD', 'REVISION', 'STATE', 'CONNECTIONS', 'READY FOR', 'LAST BEAT'];
  const cells = rows
    .toSorted(byAge)
    .map((row) => [
      row.name,
      row.workload,
      row.revision,
      row.state,
      `${row.connections} of ${row.capacity}`,
      row.readySinceMs === null ? '-' : ageOf(timeMs - row.readySinceMs),
      `${(Math.max(0, timeMs - row.beatAtMs) / 1000).toFixed(1)} s ago`,
    ]);
  const connections = rows.reduce((sum, row) => sum + row.connections, 0);
  return [...tableLines(head, cells), '', `${rows.length} pods, ${connections} connections`];
}
