import { describe, expect, it } from '@jest/globals';
import { ApiKeys, hashSecret, loadApiKeys } from '../../src/auth/api-keys.js';
import { BatonError } from '../../src/lib/baton-error.js';
import { asTenantId } from '../../src/protocol/ids.js';
import { withTemporaryFiles } from '../support/temporary-files.js';

const sha256 = hashSecret('correct-horse').toString('hex');
const row = { id: 'orders', tenant: asTenantId('acme'), sha256, grants: [] };

const dotted = { ...row, id: 'dotted', sha256: hashSecret('correct.horse').toString('hex') };

describe('an API key', () => {
  const keys = new ApiKeys([row, { ...row, id: 'other', tenant: asTenantId('umbrella') }, dotted]);

  it('names the tenant and the grants of its row', () => {
    expect(keys.verify('orders.correct-horse')).toEqual({ tenant: 'acme', keyId: 'orders', grants: [] });
    expect(keys.verify('other.correct-horse')).toMatchObject({ tenant: 'umbrella' });
  });

  const refusals = [
    '',
    '.',
    'orders',
    'orders.',
    '.correct-horse',
    'orders.wrong',
    'orders.correct-hors',
    'orders.correct-horse ',
    'orders.correct-horse\n',
    'ORDERS.correct-horse',
    'unknown.correct-horse',
    `orders.${sha256}`,
    '__proto__.correct-horse',
    'constructor.x',
    // Right, but on a socket it would be taken for a JWT: refused everywhere.
    'dotted.correct.horse',
    `orders.${'x'.repeat(100_000)}`,
  ];
  it.each(refusals)('%j is refused as every other is', (key) => {
    const refusal = (): unknown => {
      try {
        return keys.verify(key);
      } catch (error) {
        return error;
      }
    };
    expect(refusal()).toEqual(new BatonError('unauthorized'));
  });
});

describe('the file of API keys', () => {
  const files = withTemporaryFiles();
  const load = async (content: unknown): Promise<ApiKeys> =>
    loadApiKeys(await files.write('api-keys.json', typeof content === 'string' ? content : JSON.stringify(content)));

  it('may be absent: then no backend may call', async () => {
    const none = await loadApiKeys(null);
    expect(() => none.verify('orders.correct-horse')).toThrow(BatonError);
  });

  it('is believed as it stands', async () => {
    const grants = [{ stream: '*', can: ['publish'] }];
    expect((await load([{ ...row, grants, note: 'ignored' }])).verify('orders.correct-horse').grants).toEqual(grants);
  });

  const broken: readonly (readonly [why: string, content: unknown])[] = [
    ['is empty', ''],
    ['is not JSON', `[{"sha256": "${sha256}"`],
    ['the file', {}],
    ['0.id', [{ ...row, id: 'a.b' }]],
    ['0.tenant', [{ ...row, tenant: 'a/b' }]],
    ['0.sha256', [{ ...row, sha256: 'correct-horse' }]],
    ['0.sha256', [{ ...row, sha256: sha256.toUpperCase() }]],
    ['1.grants.0.can', [row, { ...row, id: 'b', grants: [{ stream: '*', can: 'publish' }] }]],
    ['twice', [row, row]],
  ];
  it.each(broken)('is refused with its path and "%s", and nothing of it is told', async (why, content) => {
    const error: unknown = await load(content).catch((reason: unknown) => reason);
    const message = error instanceof Error ? error.message : 'no error';
    expect(message).toContain('api-keys.json');
    expect(message).toContain(why);
    expect(message).not.toContain('correct-horse');
    expect(message).not.toContain(sha256);
  });

  it('is refused with its path if it is not there', async () => {
    await expect(loadApiKeys('/nowhere/keys.json')).rejects.toThrow('/nowhere/keys.json: cannot be read (ENOENT)');
  });
});
