import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { podEnvironment, quickDrain, writeSecrets } from '../support/pods/pod-environment.js';
import { PodProcess } from '../support/pods/pod-process.js';
import { ownBuild } from '../support/stage/build-under-test.js';
import { makeTemporaryDirectory } from '../support/temporary-directory.js';
import { withRedis } from '../support/with-redis.js';

const redis = withRedis();

it('a pod that nobody uses ends with 0 at its first SIGTERM, and has closed everything itself', async () => {
  const { path: directory, remove } = await makeTemporaryDirectory('pod');
  const { environment } = await writeSecrets(directory, []);
  const place = { url: redis.url, keyPrefix: redis.keyPrefix() };
  const pod = PodProcess.start({
    name: 'alone-1',
    revision: 'alone',
    main: ownBuild.pod,
    logFile: join(directory, 'alone-1.log'),
    environment: { ...podEnvironment(place, quickDrain), ...environment, BATON_POD_NAME: 'alone-1' },
  });
  try {
    await pod.listening;
    expect(await pod.terminate(quickDrain.graceMs)).toEqual({ code: 0, signal: null });
    expect(pod.logged('drain.finished')).toHaveLength(1);
    // Logged when closing takes so long that the process is ended without it.
    expect(pod.logged('drain.close-failed')).toEqual([]);
  } finally {
    await pod.kill();
    await remove();
  }
});
