import { afterEach, beforeAll, afterAll, describe, expect, it } from '@jest/globals';
import { DrainCoordinator } from '../../src/draining/drain-coordinator.js';
import type { RunningPod } from '../../src/start-pod.js';
import { eventually } from '../support/eventually.js';
import { install, joinAs, startPodHere, type Installation } from '../support/in-process-pod.js';
import { withFakeApiServer } from '../support/kubernetes/with-fake-api-server.js';

const asking = withFakeApiServer();
let here: Installation;
let pod: RunningPod | null = null;

beforeAll(async () => {
  here = await install({ keyPrefix: 'k:', environment: { BATON_STORAGE: 'memory' } }, []);
});
afterEach(async () => {
  await pod?.close();
  pod = null;
});
afterAll(() => here.remove());

async function start(): Promise<RunningPod> {
  const { server, tokenFile, certificates } = asking();
  pod = await startPodHere(here.environment, 'baton-1', {
    BATON_KUBERNETES: 'true',
    BATON_KUBERNETES_NAMESPACE: 'shop',
    BATON_KUBERNETES_SERVICE: 'baton',
    BATON_KUBERNETES_DEPLOYMENT: 'baton',
    BATON_KUBERNETES_API_URL: server.url,
    BATON_KUBERNETES_TOKEN_FILE: tokenFile,
    BATON_KUBERNETES_CA_FILE: certificates.caFile,
  });
  return pod;
}

async function readiness({ healthPort }: RunningPod): Promise<number> {
  const { status } = await fetch(`http://127.0.0.1:${healthPort}/readyz`, { headers: { connection: 'close' } });
  return status;
}

const drained = ({ app }: RunningPod) => app.get(DrainCoordinator).status();

const reasonsOf = (events: readonly unknown[]) =>
  (events as readonly { readonly reason: string }[]).map(({ reason }) => reason);

describe('a pod', () => {
  it('is ready, serves and drains while the API server answers nothing', async () => {
    const { server } = asking();
    server.answer(/./, ...Array.from({ length: 100 }, () => 'hang' as const));
    const running = await start();
    await eventually('to have asked', () => server.requests.length > 0);
    expect(await readiness(running)).toBe(200);
    const { client } = await joinAs(running.port, await here.token('acme', 'ada'));
    running.drain.begin('SIGTERM');
    client.terminate();
    await running.drain.finished;
    expect(drained(running)).toMatchObject({ phase: 'finished', forced: 0 });
  });

  it('is ready, serves and drains while the API server refuses everything', async () => {
    const { server } = asking();
    server.tokens = [];
    const running = await start();
    expect(await readiness(running)).toBe(200);
    running.drain.begin('SIGTERM');
    await running.drain.finished;
    await eventually('to have asked', () => server.requests.length > 0);
  });

  it('drains within the grace period that it was granted, and tells', async () => {
    const { server } = asking();
    // Configured are 60 s, of which the only pod would keep its clients for 50.
    server.pod = { uid: 'uid-1', deletionTimestamp: '2026-01-01T00:00:00Z', deletionGracePeriodSeconds: 6 };
    const running = await start();
    const { client } = await joinAs(running.port, await here.token('acme', 'ada'));
    const startedMs = performance.now();
    running.drain.begin('SIGTERM');
    await running.drain.finished;
    expect(performance.now() - startedMs).toBeLessThan(6_000);
    expect(drained(running)).toMatchObject({ forced: 1 });
    expect(await client.close()).toMatchObject({ code: 1012 });
    await running.close();
    pod = null;
    expect(reasonsOf(server.events)).toEqual(['DrainStarted', 'DrainForced', 'DrainFinished']);
  });
});
