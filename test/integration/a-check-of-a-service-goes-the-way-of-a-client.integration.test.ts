import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startDev, type RunningDev } from '../../src/cli/dev/start-dev.js';
import { baton } from '../support/cli/baton.js';
import { install, startPodHere, type Installation } from '../support/in-process-pod.js';
import type { RunningPod } from '../../src/start-pod.js';
import { withRedis } from '../support/with-redis.js';

interface Line {
  readonly status: string;
  readonly what: string;
  readonly says: string;
}
const statuses = (out: readonly string[]) =>
  out.map((text) => JSON.parse(text) as Line).map(({ status, what }) => `${what}: ${status}`);

describe('baton check --service, with an API key', () => {
  let dev: RunningDev;
  beforeAll(async () => {
    dev = await startDev({ port: 0, env: { BATON_LOG_LEVEL: 'silent' } });
  });
  afterAll(() => dev.close());

  it('connects, publishes, loses its connection and goes on', async () => {
    const env = { BATON_URL: dev.url, BATON_API_KEY: dev.apiKey };
    const { code, out, err } = await baton(['check', '--service', '--json'], env);
    expect({ code, err, out: statuses(out) }).toEqual({
      ...{ code: 0, err: '' },
      out: ['connect: ok', 'publish: ok', 'resume: ok'],
    });
    expect(out[2]).toMatch(/the session goes on at [\w-]+, with the message it missed \(\d+ ms\)/);
  });

  it('says what the service refused, and stops there', async () => {
    const { code, out } = await baton(['check', '--service', '--json'], {
      BATON_URL: dev.url,
      BATON_API_KEY: 'development.wrong',
    });
    expect({ code, out: statuses(out) }).toEqual({ code: 2, out: ['connect: fail'] });
  });

  it('wants a credential, and takes a URL only with --service', async () => {
    expect(await baton(['check', '--service'], { BATON_URL: dev.url })).toMatchObject({
      code: 2,
      err: expect.stringContaining('baton check: a credential is needed'),
    });
    expect(await baton(['check', '--url', dev.url], {})).toMatchObject({
      code: 2,
      err: expect.stringContaining('go with --service'),
    });
  });
});

describe('baton check --service, with the key file of a pod', () => {
  const redis = withRedis();
  let installation: Installation;
  let pod: RunningPod;
  beforeAll(async () => {
    installation = await install({ url: redis.url, keyPrefix: redis.keyPrefix() }, []);
    pod = await startPodHere(installation.environment, 'checked');
  });
  afterAll(async () => {
    await pod.close();
    await installation.remove();
  });

  it('signs a token that the pod believes', async () => {
    const { BATON_TOKEN_SECRET_FILE = '' } = installation.environment;
    const env = { BATON_URL: `http://127.0.0.1:${pod.port}`, BATON_TOKEN_SECRET_FILE };
    const { code, out, err } = await baton(['check', '--service', '--json'], env);
    expect({ code, err, out: statuses(out) }).toEqual({
      ...{ code: 0, err: '' },
      out: ['connect: ok', 'publish: ok', 'resume: ok'],
    });
  });
});
