import type { LoadResult } from './load-client.js';
import type { Sample } from './measure.js';
import type { Server } from './server.js';

/** The load client must not be what is measured. */
const MOST_LOAD_SHARE = 0.9;

/** Runs it and adds what the server's CPU did meanwhile. Throws if somebody was refused. */
export async function perSecond(server: Server, run: () => Promise<LoadResult>): Promise<Sample> {
  const before = server.cpuSeconds;
  const result = await run();
  const cpu = server.cpuSeconds - before;
  if (result.count === 0 || result.refused > 0 || result.failed > 0 || result.closed > 0)
    throw new Error(`a measurement went wrong: ${JSON.stringify(result)}`);
  return {
    value: result.count / result.seconds,
    serverUs: (cpu * 1e6) / result.count,
    loadShare: result.cpuShare,
    p50Ms: result.p50Us / 1_000,
    p99Ms: result.p99Us / 1_000,
  };
}

/** As `perSecond`, for connections that are cut by the load client itself. */
export async function perSecondOfConnections(server: Server, run: () => Promise<LoadResult>): Promise<Sample> {
  return perSecond(server, async () => ({ ...(await run()), closed: 0 }));
}

export function isLoadTheBottleneck(loadShare: number | undefined): boolean {
  return (loadShare ?? 0) >= MOST_LOAD_SHARE;
}
