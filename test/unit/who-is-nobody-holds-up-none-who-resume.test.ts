import { expect, it } from '@jest/globals';
import { newApiKey } from '../../src/cli/new-api-key.js';
import { ApiKeys } from '../../src/auth/api-keys.js';
import type { Authenticator } from '../../src/auth/principal.js';
import { Credentials } from '../../src/connections/credentials.js';
import { Handshake } from '../../src/connections/handshake.js';
import { HandshakeGate } from '../../src/connections/handshake-gate.js';
import { BatonError } from '../../src/lib/baton-error.js';
import type { HelloFrame } from '../../src/protocol/frames.js';
import { asSessionId, asTenantId, asUserId } from '../../src/protocol/ids.js';
import { HmacResumeTokens } from '../../src/sessions/hmac-resume-tokens.js';
import { ManualClock } from '../support/manual-clock.js';

const [tenant, user, session] = [asTenantId('acme'), asUserId('ada'), asSessionId('s')];
const worker = newApiKey('worker', tenant, []);
const keys = new ApiKeys([worker.row]);
const resumeTokens = new HmacResumeTokens(['r'.repeat(32)]);
const resume = resumeTokens.sign({ tenant, user, session });
const authenticator: Authenticator = {
  verifyToken: (token) =>
    token === 'a.right.one'
      ? Promise.resolve({ tenant, user, grants: [], expiresAtMs: Number.MAX_SAFE_INTEGER })
      : Promise.reject(new BatonError('unauthorized')),
  verifyApiKey: (key) => keys.verify(key),
  findApiKey: (of, id) => keys.find(of, id),
};
const hello = (fields: Partial<HelloFrame>): HelloFrame => ({
  ...{ type: 'hello', attempt: 1, streams: {}, can: [], hops: 0 },
  ...fields,
});

/** A pod that takes 4 hellos a second, 8 at once; who comes as far as Redis is told that its session is gone. */
function pod(): (fields: Partial<HelloFrame>) => Promise<string> {
  const gate = new HandshakeGate({ hellosPerSecond: 4, handshakes: 100 }, new ManualClock(), () => 0);
  const ports = {
    store: { claim: () => Promise.resolve({ kind: 'gone' }) },
    events: { listen: () => Promise.resolve(() => undefined) },
  } as unknown as ConstructorParameters<typeof Handshake>[2];
  const pods = { admit: () => ({ kind: 'take' }) } as unknown as ConstructorParameters<typeof Handshake>[0];
  const credentials = new Credentials(authenticator, resumeTokens);
  const handshake = new Handshake(pods, credentials, ports, 'p' as never, gate);
  const claimant = { whenClosed: () => undefined } as unknown as Parameters<Handshake['run']>[2];
  return async (fields) => {
    const outcome = await handshake.run(hello(fields), null, claimant);
    return outcome.kind === 'refused' ? outcome.code : outcome.kind;
  };
}
const flood = async (knock: ReturnType<typeof pod>, fields: Partial<HelloFrame>): Promise<ReadonlySet<string>> => {
  const said = new Set<string>();
  for (let count = 0; count < 1_000; count += 1) said.add(await knock(fields));
  return said;
};

const resuming = { attempt: 2, session, resume };
it.each([
  ['tokens of no form at all', { token: 'x' }],
  ['API keys of nobody', { token: 'x.y' }],
  ['resume tokens that nobody signed', { ...resuming, resume: 'x.y.z' }],
  ['another’s resume token', { ...resuming, session: asSessionId('t') }],
  ['nothing at all', {}],
  ['forged tokens', { token: 'a.wrong.one' }],
])('a flood of %s leaves the rate of the others alone', async (_what, fields) => {
  const knock = pod();
  expect(await flood(knock, fields)).toContain('badCredential');
  expect([await knock(resuming), await knock({ token: worker.key })]).toEqual(['sessionGone', 'sessionGone']);
  expect(await knock({ ...resuming, token: 'a.right.one' })).toBe('sessionGone');
});

it('a flood of what is refused without being verified doesn’t keep a first token out', async () => {
  const knock = pod();
  expect(await flood(knock, { token: 'x.y' })).toEqual(new Set(['badCredential']));
  expect(await knock({ token: 'a.right.one' })).toBe('sessionGone');
});

it('those who are who they say share a rate, however they prove it', async () => {
  const knock = pod();
  expect(await flood(knock, resuming)).toEqual(new Set(['sessionGone', 'busy']));
  expect([await knock({ token: worker.key }), await knock({ token: 'a.right.one' })]).toEqual(['busy', 'busy']);
});

it('no more forged tokens are verified than the rate allows', async () => {
  expect(await flood(pod(), { token: 'a.wrong.one' })).toEqual(new Set(['badCredential', 'busy']));
});
