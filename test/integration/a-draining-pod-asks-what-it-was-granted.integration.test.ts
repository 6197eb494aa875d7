import { describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { withFakeApiServer } from '../support/kubernetes/with-fake-api-server.js';

const here = withFakeApiServer();
const began = { kind: 'began', connections: 3 } as const;
const finished = { kind: 'finished', moved: 3, forced: 0, tookMs: 4_200 } as const;

describe('a draining pod', () => {
  it('knows its grace period and how many pods are wanted', async () => {
    const { server, ask } = here();
    server.pod = { uid: 'uid-1', deletionTimestamp: '2026-01-01T00:00:00Z', deletionGracePeriodSeconds: 30 };
    server.replicas = 2;
    const orchestrator = ask();
    expect([orchestrator.graceMs, orchestrator.wanted]).toEqual([null, null]);
    orchestrator.tell(began);
    await eventually('both', () => orchestrator.graceMs === 30_000 && orchestrator.wanted === 2);
  });

  it('has the configured grace period while nobody has deleted it', async () => {
    const { server, ask } = here();
    server.pod = { uid: 'uid-1', deletionGracePeriodSeconds: 30 };
    const orchestrator = ask();
    orchestrator.tell(began);
    await eventually('the other answer', () => orchestrator.wanted === 3);
    await eventually('the look at the pod', () => server.seen(/^GET .*\/pods\/baton-1/).length >= 2);
    expect(orchestrator.graceMs).toBeNull();
  });

  it('looks again after a refusal, and does without until then', async () => {
    const { server, ask, log } = here();
    server.pod = { uid: 'uid-1', deletionTimestamp: '2026-01-01T00:00:00Z', deletionGracePeriodSeconds: 30 };
    server.answer(/^GET/, ...Array.from({ length: 100 }, () => ({ status: 403 })));
    const orchestrator = ask({ config: { service: null } });
    orchestrator.tell(began);
    const refused = () => log.filter(({ event }) => event === 'kubernetes.forbidden');
    await eventually('to be told of both', () => refused().length === 2);
    expect(
      refused()
        .map(({ fields }) => `${String(fields['verb'])} ${String(fields['resource'])}`)
        .sort(),
    ).toEqual(['get deployments.apps', 'get pods']);
    server.behave();
    await eventually('the next look', () => orchestrator.graceMs === 30_000 && orchestrator.wanted === 3, {
      withinMs: 15_000,
    });
  });

  it('says in Events how it is doing, and the last one before it goes', async () => {
    const { server, ask } = here();
    const orchestrator = ask();
    orchestrator.tell(began);
    orchestrator.tell({ kind: 'forced', connections: 1 });
    orchestrator.tell(finished);
    await orchestrator.stop();
    const events = server.events as readonly Readonly<Record<string, unknown>>[];
    expect(events.map(({ reason, type, message }) => [reason, type, message])).toEqual([
      ['DrainStarted', 'Normal', 'Draining 3 connections'],
      ['DrainForced', 'Warning', "Time is up: closing 1 connection that couldn't be handed over"],
      ['DrainFinished', 'Normal', 'Drained in 4 s: 3 moved, 0 closed'],
    ]);
    expect(events[0]).toMatchObject({
      involvedObject: { apiVersion: 'v1', kind: 'Pod', namespace: 'shop', name: 'baton-1', uid: 'uid-1' },
      reportingComponent: 'baton',
      reportingInstance: 'baton-1',
      source: { component: 'baton', host: 'node-1' },
    });
  });

  it('sends an Event once more after trouble, and never again after a refusal', async () => {
    const { server, ask, log } = here();
    server.answer(/^POST/, { status: 500 });
    const orchestrator = ask();
    orchestrator.tell(began);
    await eventually('the Event', () => server.events.length === 1);
    server.answer(/^POST/, { status: 403 }, { status: 403 });
    orchestrator.tell(began);
    orchestrator.tell(finished);
    await eventually('both refusals', () => server.seen(/^POST/).length === 4);
    await orchestrator.stop();
    expect(log.filter(({ event }) => event === 'kubernetes.forbidden').map(({ fields }) => fields['verb'])).toEqual([
      'create',
    ]);
  });

  it('goes in time although nobody hears its Events', async () => {
    const { server, ask } = here();
    server.answer(/^POST/, ...Array.from({ length: 20 }, () => 'hang' as const));
    const orchestrator = ask();
    for (let time = 0; time < 100; time += 1) orchestrator.tell(began);
    const startedMs = performance.now();
    await orchestrator.stop();
    // Two seconds for the Events; the rest is for a busy machine.
    expect(performance.now() - startedMs).toBeLessThan(6_000);
    expect(server.seen(/^POST/).length).toBeLessThanOrEqual(1);
  });

  it('asks nothing that it was not configured to', async () => {
    const { server, ask } = here();
    const orchestrator = ask({ config: { service: null, deployment: null, events: 'false' } });
    orchestrator.tell(began);
    await eventually('looks at the pod', () => server.seen(/\/pods\//).length >= 2);
    await orchestrator.stop();
    expect(new Set(server.requests.map(({ method, path }) => `${method} ${path}`))).toEqual(
      new Set(['GET /api/v1/namespaces/shop/pods/baton-1']),
    );
  });
});
