import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Environment } from '../../src/config/load-config.js';
import { baton } from '../support/cli/baton.js';
import { eventually } from '../support/eventually.js';
import { writeSecrets } from '../support/pods/pod-environment.js';
import { redisAdmin } from '../support/redis-admin.js';
import { startRedisServer } from '../support/redis-server.js';
import { withTopology } from '../support/redis-topologies/with-topology.js';
import { withTemporaryFiles } from '../support/temporary-files.js';

const [, rule = ''] =
  /ACL SETUSER (baton .*)/.exec(readFileSync(new URL('../../docs/redis.md', import.meta.url), 'utf8')) ?? [];
const files = withTemporaryFiles();
const ended: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0).reverse()) await end();
});

interface Line {
  readonly status: string;
  readonly says: string;
  readonly toDo: string | null;
}
/** What the check says of writes, with the user of the guide: it may ask for less than an administrator. */
async function ofWrites(place: Environment): Promise<readonly Line[]> {
  const { environment } = await writeSecrets(files.directory, []);
  const { BATON_REDIS_URL: _none, ...others } = environment;
  const user = { BATON_REDIS_USERNAME: 'baton', BATON_REDIS_PASSWORD_FILE: await files.write('password', 'secret') };
  const { out } = await baton(['check', '--json'], { ...others, ...user, ...place });
  return out
    .map((line) => JSON.parse(line) as Line)
    .filter(({ says }) => /\btakes writes|\brefuses a write/.test(says));
}
const words = rule.replace('PASSWORD', 'secret').split(' ');

describe('one Redis', () => {
  async function start(...args: readonly string[]) {
    const server = await startRedisServer({ alwaysOwn: true, args });
    ended.push(() => server.stop());
    const admin = redisAdmin(server.url);
    ended.push(() => admin.disconnect());
    await admin.call('ACL', 'SETUSER', ...words);
    return { admin, check: () => ofWrites({ BATON_REDIS_URL: server.url }) };
  }

  it('that takes writes is told so, and nothing is in it afterwards', async () => {
    const { admin, check } = await start();
    expect(await check()).toMatchObject([{ status: 'ok' }]);
    expect(await admin.dbsize()).toBe(0);
  });

  it.each([
    ['its replicas are missing', 'NOREPLICAS', 'min-replicas-to-write', '2'],
    ['it is full', 'OOM', 'maxmemory', '100kb'],
  ])('that takes none because %s is a fail', async (_what, code, setting, value) => {
    const { admin, check } = await start();
    await admin.config('SET', setting, value);
    expect(await check()).toMatchObject([
      { status: 'fail', says: expect.stringContaining(code), toDo: expect.any(String) },
    ]);
  });

  it('that could not write its snapshot is a fail, unless it goes on all the same', async () => {
    const { admin, check } = await start();
    await admin.config('SET', 'save', '3600 1');
    const [, directory] = (await admin.config('GET', 'dir')) as [string, string];
    await mkdir(join(directory, 'dump.rdb'));
    await admin.call('BGSAVE');
    await eventually('a snapshot that failed', async () =>
      (await admin.info('persistence')).includes('rdb_last_bgsave_status:err'),
    );
    expect(await check()).toMatchObject([{ status: 'fail', says: expect.stringContaining('MISCONF') }]);
    await admin.config('SET', 'stop-writes-on-bgsave-error', 'no');
    expect(await check()).toMatchObject([{ status: 'ok' }]);
  });
});

describe('a cluster', () => {
  const topology = withTopology('cluster');

  it('takes writes at each master, and that one does not whose slots are missing', async () => {
    const masters = await topology().masters();
    for (const { admin } of masters) await admin.call('ACL', 'SETUSER', ...words);
    const sound = await ofWrites(topology().environment);
    expect(sound.map(({ status }) => status)).toEqual(masters.map(() => 'ok'));
    const [broken] = masters;
    const slots = (await broken?.admin.call('CLUSTER', 'NODES')) as string;
    const [, first = ''] = /myself.* (\d+)-\d+$/m.exec(slots) ?? [];
    await broken?.admin.call('CLUSTER', 'DELSLOTS', first);
    await eventually('the cluster to be down', async () =>
      String(await broken?.admin.call('CLUSTER', 'INFO')).includes('cluster_state:fail'),
    );
    const down = await ofWrites(topology().environment);
    const refused = down.filter(({ status }) => status === 'fail');
    expect(refused).not.toEqual([]);
    for (const { says } of refused) expect(says).toContain('CLUSTERDOWN');
  });
});
