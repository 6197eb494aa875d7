import { createSecretKey, randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { ApiKeys } from '../../src/auth/api-keys.js';
import { grantsSchema } from '../../src/auth/grant-schema.js';
import { JwtAuthenticator } from '../../src/auth/jwt-authenticator.js';
import { newApiKey } from '../../src/cli/new-api-key.js';
import { Credentials } from '../../src/connections/credentials.js';
import { BatonError } from '../../src/lib/baton-error.js';
import type { HelloFrame } from '../../src/protocol/frames.js';
import type { Grant } from '../../src/protocol/grants.js';
import {
  asSessionId,
  asTenantId,
  asUserId,
  isTokenUser,
  isUserId,
  keyOfUser,
  userOfKey,
} from '../../src/protocol/ids.js';
import { HmacResumeTokens } from '../../src/sessions/hmac-resume-tokens.js';
import { ManualClock } from '../support/manual-clock.js';
import { forge, hmacWith, type Fields } from '../support/auth/token-forge.js';

const secret = randomBytes(32);
const tokenKey = { key: createSecretKey(secret), issuer: 'i', audience: 'a', algorithms: ['HS256'] };
const resumeTokens = new HmacResumeTokens(['r'.repeat(32)]);
const [acme, umbrella] = [asTenantId('acme'), asTenantId('umbrella')];
const rooms: readonly Grant[] = [{ stream: 'channel:room-*', can: ['subscribe'] }];
const worker = newApiKey('worker', acme, rooms);

const free = (): void => undefined;
const credentialsWith = (...keys: readonly { readonly row: ConstructorParameters<typeof ApiKeys>[0][number] }[]) => {
  const clock = new ManualClock();
  const known = new ApiKeys(keys.map(({ row }) => row));
  return { credentials: new Credentials(new JwtAuthenticator(tokenKey, known, clock), resumeTokens), clock };
};
const hello = (fields: Partial<HelloFrame> = {}): HelloFrame => ({
  ...{ type: 'hello', attempt: 1, streams: {}, can: [], hops: 0 },
  ...fields,
});
const resuming = (tenant = acme, user = 'key:worker') => {
  const session = asSessionId('s');
  return hello({ attempt: 2, session, resume: resumeTokens.sign({ tenant, user: asUserId(user), session }) });
};
const refusal = (run: Promise<unknown>) => run.then(() => null).catch((error: unknown) => (error as BatonError).code);

describe('an API key', () => {
  it.each([
    ['hello', hello({ token: worker.key }), null],
    ['the header of the upgrade', hello(), worker.key],
  ])('in %s makes a session with its tenant and grants, and a user of its own', async (_where, frame, header) => {
    const { credentials } = credentialsWith(worker);
    const claimed = await credentials.identify(frame, header, free);
    expect(claimed).toMatchObject({ tenant: acme, user: 'key:worker', create: { user: 'key:worker', grants: rooms } });
    expect(claimed.create?.credentialExpiresAtMs).toBe(Number.MAX_SAFE_INTEGER);
  });

  it.each([
    ['of nobody', 'nobody.secret'],
    ['with a wrong secret', 'worker.secret'],
    ['without a secret', 'worker.'],
    ['with a dot more, which is read as a JWT', `${worker.key}.x`],
  ])('%s is refused', async (_what, token) => {
    expect(await refusal(credentialsWith(worker).credentials.identify(hello({ token }), null, free))).toBe(
      'unauthorized',
    );
  });

  it('is looked at again at each resume: its session has the grants that the key has now', async () => {
    const more = { row: { ...worker.row, grants: [] } };
    const claimed = await credentialsWith(more).credentials.identify(resuming(), null, free);
    expect(claimed).toMatchObject({ tenant: acme, user: 'key:worker', renew: { user: 'key:worker', grants: [] } });
  });

  it('that is gone, or now another tenant’s, resumes nothing', async () => {
    expect(await refusal(credentialsWith().credentials.identify(resuming(), null, free))).toBe('unauthorized');
    const moved = { row: { ...worker.row, tenant: umbrella } };
    expect(await refusal(credentialsWith(moved).credentials.identify(resuming(), null, free))).toBe('unauthorized');
  });

  it('renews its own session, and neither a user’s nor another key’s', async () => {
    const other = newApiKey('other', acme, []);
    const { credentials } = credentialsWith(worker, other);
    expect(await credentials.renewal(worker.key, acme, userOfKey('worker'))).toMatchObject({ grants: rooms });
    expect(await refusal(credentials.renewal(worker.key, acme, asUserId('worker')))).toBe('unauthorized');
    expect(await refusal(credentials.renewal(other.key, acme, userOfKey('worker')))).toBe('unauthorized');
    expect(await refusal(credentials.renewal(worker.key, umbrella, userOfKey('worker')))).toBe('unauthorized');
  });
});

it.each(['key:worker', 'key:', ':worker', 'user:key:worker'])('no token is believed for the user %s', async (name) => {
  const { credentials, clock } = credentialsWith(worker);
  const exp = clock.now() / 1_000 + 60;
  const sign = (subject: string) => {
    const claims: Fields = { iss: 'i', aud: 'a', tenant: 'acme', exp, sub: subject };
    return forge({ alg: 'HS256' }, claims, hmacWith(secret));
  };
  expect(await credentials.identify(hello({ token: sign('worker') }), null, free)).toMatchObject({ user: 'worker' });
  expect(await refusal(credentials.identify(hello({ token: sign(name) }), null, free))).toBe('unauthorized');
});

it('the user of a key is told from all others', () => {
  expect(keyOfUser(userOfKey('a_B-1'))).toBe('a_B-1');
  for (const user of ['key', 'key/worker', 'worker']) expect(keyOfUser(asUserId(user))).toBeNull();
  expect([isUserId('key:w'), isTokenUser('key:w'), isUserId('key:a/b'), isUserId('key:')]).toEqual([
    ...[true, false, false, false],
  ]);
});

it('grants name the user of a key as they name others', () => {
  const valid = (stream: string) => grantsSchema.safeParse([{ stream, can: ['publish'] }]).success;
  expect(['user:key:worker', 'user:key:*', 'user:*', 'session:a_B-1'].filter((stream) => !valid(stream))).toEqual([]);
  expect(['user:key:a:b', 'key:worker:x', 'user::'].filter(valid)).toEqual([]);
});
