import { describe, expect, it } from '@jest/globals';
import { BatonError } from '../../src/lib/baton-error.js';
import { asSessionId, asTenantId, asUserId } from '../../src/protocol/ids.js';
import { HmacResumeTokens, loadResumeTokens } from '../../src/sessions/hmac-resume-tokens.js';
import { base64url } from '../support/auth/token-forge.js';
import { withTemporaryFiles } from '../support/temporary-files.js';

const OLD = 'the old key, which has enough characters';
const NEW = 'the new key, which has enough characters';
const claim = { tenant: asTenantId('acme'), user: asUserId('ann/x.y'), session: asSessionId('s-1_A') };
const tokens = new HmacResumeTokens([NEW, OLD]);
const [id = '', payload = '', mac = ''] = tokens.sign(claim).split('.');
const turned = (text: string): string => (text.startsWith('A') ? 'B' : 'A') + text.slice(1);

describe('a resume token', () => {
  it('says whose session it resumes, so that `hello` needs nothing else', () => {
    expect(tokens.verify(tokens.sign(claim))).toEqual(claim);
  });

  it('has at most 512 characters, whatever the names', () => {
    const long = {
      tenant: asTenantId('t'.repeat(64)),
      user: asUserId('u'.repeat(128)),
      session: asSessionId('s'.repeat(32)),
    };
    const token = tokens.sign(long);
    expect(token.length).toBeLessThanOrEqual(512);
    expect(tokens.verify(token)).toEqual(long);
  });

  it('is signed by the newest key and verified by all, so that keys rotate', () => {
    const before = new HmacResumeTokens([OLD]).sign(claim);
    expect(tokens.verify(before)).toEqual(claim);
    expect(new HmacResumeTokens([NEW]).verify(tokens.sign(claim))).toEqual(claim);
    expect(() => new HmacResumeTokens([NEW]).verify(before)).toThrow(BatonError);
  });

  it('is verified by a pod that lists the keys in another order', () => {
    expect(new HmacResumeTokens([OLD, NEW]).verify(tokens.sign(claim))).toEqual(claim);
  });

  const other = base64url(JSON.stringify(['umbrella', claim.user, claim.session]));
  const oldId = new HmacResumeTokens([OLD]).sign(claim).split('.')[0] ?? '';
  const forged: readonly (readonly [what: string, token: string])[] = [
    ['that is empty', ''],
    ['of dots', '..'],
    ['of one part', payload],
    ['without MAC', `${id}.${payload}`],
    ['with an empty MAC', `${id}.${payload}.`],
    ['with a part more', `${id}.${payload}.${mac}.x`],
    ['with another MAC', `${id}.${payload}.${turned(mac)}`],
    ['with a longer MAC', `${id}.${payload}.${mac}A`],
    ['with a padded MAC', `${id}.${payload}.${mac}=`],
    ['of another tenant', `${id}.${other}.${mac}`],
    ['with a padded payload', `${id}.${payload}=.${mac}`],
    ['with the id of another key', `${oldId}.${payload}.${mac}`],
    ['of an unknown key', `${turned(id)}.${payload}.${mac}`],
    ['of a key named like a built-in', `__proto__.${payload}.${mac}`],
    ['of 64 kB', `${id}.${'A'.repeat(65_536)}.${mac}`],
    ['by somebody else', new HmacResumeTokens(['somebody else’s key of enough characters']).sign(claim)],
  ];
  it.each(forged)('%s is refused', (_what, token) => {
    const refusal = (): unknown => {
      try {
        return tokens.verify(token);
      } catch (error) {
        return error;
      }
    };
    expect(refusal()).toBeInstanceOf(BatonError);
    expect(refusal()).toMatchObject({ code: 'unauthorized' });
  });
});

describe('the file of resume keys', () => {
  const files = withTemporaryFiles();
  const load = async (content: string) => loadResumeTokens(await files.write('resume-keys', content));

  it('has one key a line, newest first', async () => {
    const loaded = await load(`${NEW}\r\n\n${OLD}\n`);
    expect(loaded.sign(claim)).toBe(tokens.sign(claim));
    expect(loaded.verify(new HmacResumeTokens([OLD]).sign(claim))).toEqual(claim);
  });

  const broken: readonly (readonly [why: string, content: string])[] = [
    ['is empty', '\n'],
    ['no key', ' \n \n '],
    ['32 characters', `${NEW}\nshort`],
    ['more than 16', `${NEW}\n`.repeat(17)],
  ];
  it.each(broken)('is refused with its path and "%s"', async (why, content) => {
    const error: unknown = await load(content).catch((reason: unknown) => reason);
    const message = error instanceof Error ? error.message : 'no error';
    expect(message).toContain('resume-keys');
    expect(message).toContain(why);
    expect(message).not.toContain('enough characters');
    expect(message).not.toContain('short');
  });
});
