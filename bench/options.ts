import { parseArgs } from 'node:util';

export interface BenchOptions {
  /** Names of cases; empty: all. */
  readonly only: readonly string[];
  /** How often each case is measured; medians are told. */
  readonly repetitions: number;
  /** One measurement of throughput, in ms. */
  readonly windowMs: number;
  readonly quick: boolean;
  /** Connections of the cases about many of them. */
  readonly connections: number;
  readonly json: string | null;
  readonly writeDocs: boolean;
  /** Where profiles of Baton go (`--cpu-prof`, `--heap-prof`); null: none. */
  readonly profile: string | null;
}

export const usage = `npm run bench -- [options]
  --only a,b         these cases only (their names are in the table)
  --quick            3 short repetitions instead of 5: about a minute, for a first look
  --connections N    for memory and drain; 10000
  --json FILE        writes what was measured
  --write-docs       writes the table into docs/performance.md
  --profile DIR      writes CPU profiles of Baton's pods`;

export function parseOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', multiple: true },
      quick: { type: 'boolean' },
      connections: { type: 'string' },
      json: { type: 'string' },
      'write-docs': { type: 'boolean' },
      profile: { type: 'string' },
    },
  });
  const quick = values.quick === true;
  const connections = Number(values.connections ?? 10_000);
  if (!Number.isInteger(connections) || connections < 100) throw new Error('--connections: a whole number from 100 on');
  return {
    only: (values.only ?? []).flatMap((name) => name.split(',')),
    repetitions: quick ? 3 : 5,
    windowMs: quick ? 400 : 700,
    quick,
    connections,
    json: values.json ?? null,
    writeDocs: values['write-docs'] === true,
    profile: values.profile ?? null,
  };
}
