import { describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import type { Asking } from '../support/kubernetes/with-fake-api-server.js';
import { withFakeApiServer } from '../support/kubernetes/with-fake-api-server.js';

const here = withFakeApiServer();

const endsOf = async ({ metrics }: Asking, reason: string): Promise<number> => {
  const line = new RegExp(`^baton_kubernetes_watch_restarts_total\\{reason="${reason}"\\} (\\d+)$`, 'm');
  return Number(line.exec(await metrics.render())?.[1] ?? 0);
};
const said = ({ log }: Asking, event: string) => log.filter((line) => line.event === event);

/** Asks, and waits until the endpoints are known and watched. */
async function following(options: Parameters<Asking['ask']>[0] = {}) {
  const asking = here();
  asking.server.put('baton-a', { 'baton-1': true, 'baton-2': true });
  const orchestrator = asking.ask(options);
  await eventually('the watch', () => asking.server.watching === 1 && orchestrator.routesTo('baton-1'));
  return { ...asking, asking, orchestrator };
}

describe('endpoints', () => {
  it('are listed, then watched from the list on, with bookmarks, of one Service', async () => {
    const { server, orchestrator } = await following();
    const [list, watch] = [...server.lists(), ...server.watched()];
    expect(list?.query.get('labelSelector')).toBe('kubernetes.io/service-name=baton');
    expect(Object.fromEntries(watch?.query ?? [])).toMatchObject({
      labelSelector: 'kubernetes.io/service-name=baton',
      allowWatchBookmarks: 'true',
      resourceVersion: '101',
      timeoutSeconds: expect.stringMatching(/^(2[4-9]\d|300)$/),
    });
    server.put('baton-a', { 'baton-1': false, 'baton-2': true });
    await eventually('the change', () => orchestrator.routesTo('baton-1') === false);
    expect([orchestrator.routesTo('baton-2'), orchestrator.routesTo('elsewhere')]).toEqual([true, false]);
    server.remove('baton-a');
    await eventually('the removal', () => orchestrator.routesTo('baton-2') === false);
    expect(server.lists()).toHaveLength(1);
  });

  it('of several slices are one, also while one moves', async () => {
    const { server, orchestrator } = await following();
    server.put('baton-b', { 'baton-1': false, 'baton-3': true });
    await eventually('the second slice', () => orchestrator.routesTo('baton-3'));
    expect(orchestrator.routesTo('baton-1')).toBe(true);
    server.put('baton-a', { 'baton-2': true });
    await eventually('the end of the move', () => orchestrator.routesTo('baton-1') === false);
  });

  it('are followed on from the last version when the server ends the watch', async () => {
    const { server, orchestrator, asking } = await following();
    server.bookmark();
    server.endWatches();
    server.put('baton-a', { 'baton-1': false });
    await eventually('what changed in between', () => orchestrator.routesTo('baton-1') === false);
    expect(server.lists()).toHaveLength(1);
    expect(server.watched().map(({ query }) => query.get('resourceVersion'))).toEqual(['101', '102']);
    expect(await endsOf(asking, 'ended')).toBe(1);
  });

  it('are followed on after a cut in the middle of a line, which counts for nothing', async () => {
    const { server, orchestrator, asking } = await following();
    server.say('{"type":"DELETED","object":{"metadata":{"name":"baton-a","resourceVer');
    server.cutWatches();
    await eventually('another watch', () => server.watching === 1);
    expect(server.watched()[1]?.query.get('resourceVersion')).toBe('101');
    expect(orchestrator.routesTo('baton-1')).toBe(true);
    expect(await endsOf(asking, 'failed')).toBe(1);
    expect(asking.log).toEqual([]);
  });

  it('that come in small pieces are the same', async () => {
    const { server, orchestrator } = await following();
    const object = {
      metadata: { name: 'baton-ü', resourceVersion: '150' },
      endpoints: [{ targetRef: { kind: 'Pod', name: 'baton-9', uid: 'nine' } }],
    };
    const bytes = Buffer.from(`\n${JSON.stringify({ type: 'ADDED', object })}\n`);
    for (const byte of bytes) server.say(Buffer.from([byte]).toString('latin1'));
    await eventually('an endpoint without conditions, which is ready', () => orchestrator.routesTo('baton-9'));
  });

  it('are listed again after 410, whichever way that is said', async () => {
    const { server, orchestrator, asking } = await following();
    server.put('baton-b', { 'baton-3': true });
    server.forget();
    server.remove('baton-b');
    server.forget();
    server.cutWatches();
    await eventually('the list', () => server.lists().length === 2 && server.watching === 1);
    expect(orchestrator.routesTo('baton-3')).toBe(false);
    server.answer(/watch=true/, { status: 410, body: '{"kind":"Status","code":410,"message":"gone"}' });
    server.cutWatches();
    await eventually('the next list', () => server.lists().length === 3 && server.watching === 1);
    expect(await endsOf(asking, 'expired')).toBe(2);
    expect(asking.log).toEqual([]);
  });

  it('are listed again after what is no event', async () => {
    const { server, orchestrator, asking } = await following();
    for (const nonsense of ['no JSON\n', '{"type":"MODIFIED","object":{}}\n']) {
      const lists = server.lists().length;
      server.say(nonsense);
      await eventually('the list', () => server.lists().length === lists + 1 && server.watching === 1);
    }
    expect(await endsOf(asking, 'garbled')).toBe(2);
    // Each is followed by a watch that works, which is said, too.
    expect(said(asking, 'kubernetes.failed')).toHaveLength(2);
    expect(orchestrator.routesTo('baton-1')).toBe(true);
  });

  it('are watched anew when nothing is heard, and unknown when that goes on', async () => {
    const { server, orchestrator, asking } = await following({ times: { silenceMs: 300, answerMs: 1_000 } });
    await eventually('another watch after silence', () => server.watched().length >= 2);
    expect(server.lists()).toHaveLength(1);
    expect(await endsOf(asking, 'silent')).toBeGreaterThanOrEqual(1);
    expect(asking.log).toEqual([]);
    server.answer(/watch=true/, ...Array.from({ length: 200 }, () => 'hang' as const));
    server.cutWatches();
    await eventually('it to be said', () => said(asking, 'kubernetes.failed').length === 1);
    await eventually('not to be known any more', () => orchestrator.routesTo('baton-1') === null);
    server.behave();
    await eventually('to be known again', () => orchestrator.routesTo('baton-1'));
    await eventually('that to be said', () => said(asking, 'kubernetes.works-again').length === 1);
  });

  it('are listed again once in a while, whatever the watch says', async () => {
    const { server } = await following({ times: { relistMs: 1 } });
    server.endWatches();
    await eventually('the list', () => server.lists().length === 2 && server.watching === 1);
  });

  it('are unknown if there are too many', async () => {
    const { server, orchestrator } = await following();
    for (let slice = 0; slice < 100; slice += 1) server.put(`more-${slice}`, {});
    await eventually('to be too many', () => orchestrator.routesTo('baton-1') === null);
  });
});

describe('an API server that refuses', () => {
  it('401: the token is read again, and the rotated one is taken', async () => {
    const { server, orchestrator, asking, writeToken } = await following();
    server.tokens = ['second'];
    server.cutWatches();
    await eventually('the refusal', async () => (await endsOf(asking, 'unauthorized')) > 1);
    await writeToken('second');
    await eventually('the watch', () => server.watching === 1);
    expect(server.watched().at(-1)?.authorization).toBe('Bearer second');
    expect(orchestrator.routesTo('baton-1')).toBe(true);
    expect(said(asking, 'kubernetes.unauthorized').map(({ fields }) => fields['resource'])).toEqual([
      'endpointslices.discovery.k8s.io',
    ]);
  });

  it('403: says once which verb is missing, and takes the permission when it comes', async () => {
    const asking = here();
    const { server } = asking;
    server.put('baton-a', { 'baton-1': true });
    server.answer(/endpointslices/, ...Array.from({ length: 1_000 }, () => ({ status: 403 })));
    const orchestrator = asking.ask();
    await eventually('a few refusals', () => server.lists().length >= 4);
    expect(orchestrator.routesTo('baton-1')).toBeNull();
    expect(said(asking, 'kubernetes.forbidden')).toEqual([
      {
        event: 'kubernetes.forbidden',
        fields: {
          verb: 'list, watch',
          resource: 'endpointslices.discovery.k8s.io',
          without: 'every pod that is ready by its row in Redis is sent clients',
        },
      },
    ]);
    server.behave();
    await eventually('the permission', () => orchestrator.routesTo('baton-1'));
  });

  it('429: waits as long as it is told', async () => {
    const { server, asking } = await following();
    server.answer(/watch=true/, { status: 429, headers: { 'retry-after': '1' } });
    server.cutWatches();
    await eventually('the watch', () => server.watching === 1);
    const [refused, taken] = server.watched().slice(-2);
    // A timer may be a millisecond early.
    expect((taken?.atMs ?? 0) - (refused?.atMs ?? 0)).toBeGreaterThanOrEqual(995);
    expect(await endsOf(asking, 'throttled')).toBe(1);
  });

  it.each([
    ['500', { status: 500 }],
    ['a body that is no list', { status: 200, body: '{"kind":"Pod"}' }],
    ['a body that is no JSON', { status: 200, body: 'hello' }],
    ['a cut', 'cut'],
    ['no end', 'slow'],
    ['no beginning', 'hang'],
  ] as const)('%s: tries again', async (_what, answer) => {
    const asking = here();
    asking.server.put('baton-a', { 'baton-1': true });
    asking.server.answer(/endpointslices/, answer, answer);
    const orchestrator = asking.ask({ times: { answerMs: 500 } });
    await eventually('the third list', () => orchestrator.routesTo('baton-1'));
    expect(said(asking, 'kubernetes.failed')).toHaveLength(1);
    await eventually('to be said to work', () => said(asking, 'kubernetes.works-again').length === 1);
  });

  it('is not believed without the certificate of the cluster', async () => {
    const asking = here();
    const orchestrator = asking.ask({ config: { caFile: asking.certificates.client.certFile } });
    await eventually('it to be said', () => said(asking, 'kubernetes.failed').length > 0);
    expect([orchestrator.routesTo('baton-1'), asking.server.requests]).toEqual([null, []]);
  });

  it('is not asked without a token', async () => {
    const asking = here();
    asking.ask({ config: { tokenFile: `${asking.tokenFile}.missing` } });
    await eventually('it to be said', () => said(asking, 'kubernetes.failed').length > 0);
    expect(asking.server.requests).toEqual([]);
  });
});

describe('nothing is left behind', () => {
  it('by a stop, at any time', async () => {
    const { server, orchestrator } = await following();
    await orchestrator.stop();
    await eventually('the watch to end', () => server.watching === 0);
    const before = server.requests.length;
    server.put('baton-a', {});
    expect(server.requests).toHaveLength(before);
  });
});
