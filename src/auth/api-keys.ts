import { createHash, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { BatonError } from '../lib/baton-error.js';
import { isId, isTenantId, type TenantId } from '../protocol/ids.js';
import { grantsSchema } from './grant-schema.js';
import type { Backend } from './principal.js';
import { readSecretFile, SecretFileError } from './secret-file.js';

const MAX_KEYS = 1_000;
const MAX_KEY_LENGTH = 512;

const rowSchema = z.object({
  id: z.string().refine(isId, 'must be 1 to 32 of A-Z a-z 0-9 _ -'),
  tenant: z.custom<TenantId>(isTenantId, 'must be a tenant id'),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'must be the SHA-256 of the secret as 64 hexadecimal digits'),
  grants: grantsSchema,
});
const fileSchema = z.array(rowSchema).max(MAX_KEYS);

/** `<id>.<secret>`: one dot, for where a JWT is taken, too, it is told by its two. */
const API_KEY = /^[^.]+\.[^.]+$/;
export const isApiKeyShaped = (credential: string): boolean => API_KEY.test(credential);

/** One row of the file of API keys: who has the secret may do this. The secret itself is stored nowhere. */
export type ApiKeyRow = z.infer<typeof rowSchema>;

export const hashSecret = (secret: string): Buffer => createHash('sha256').update(secret).digest();

/** Compared with when the id is unknown, so that an unknown id takes as long as a wrong secret. */
const NOBODY = Buffer.alloc(32);

/** The API keys of backends. */
export class ApiKeys {
  private readonly known: ReadonlyMap<string, { readonly hash: Buffer; readonly backend: Backend }>;

  constructor(rows: readonly ApiKeyRow[]) {
    this.known = new Map(
      rows.map(({ id, tenant, sha256, grants }) => [
        id,
        { hash: Buffer.from(sha256, 'hex'), backend: { tenant, keyId: id, grants } },
      ]),
    );
  }

  /** `<id>.<secret>`. Throws BatonError `unauthorized`, the same for an unknown id and a wrong secret. */
  verify(key: string): Backend {
    const dot = key.indexOf('.');
    const wellFormed = key.length <= MAX_KEY_LENGTH && isApiKeyShaped(key);
    const row = wellFormed ? this.known.get(key.slice(0, dot)) : undefined;
    const matches = timingSafeEqual(hashSecret(wellFormed ? key.slice(dot + 1) : ''), row?.hash ?? NOBODY);
    if (!row || !matches) throw new BatonError('unauthorized');
    return row.backend;
  }

  find(tenant: TenantId, keyId: string): Backend | null {
    const backend = this.known.get(keyId)?.backend;
    return backend?.tenant === tenant ? backend : null;
  }
}

/** No file: no backend may call. Rejects with SecretFileError, which names every row and field that is wrong. */
export async function loadApiKeys(path: string | null): Promise<ApiKeys> {
  if (path === null) return new ApiKeys([]);
  const text = (await readSecretFile('API keys', path)).toString('utf8');
  const parsed = fileSchema.safeParse(parseJson(text, path));
  if (!parsed.success) throw new SecretFileError('API keys', path, describe(parsed.error));
  const ids = parsed.data.map(({ id }) => id);
  if (new Set(ids).size < ids.length) throw new SecretFileError('API keys', path, 'an id is there twice');
  return new ApiKeys(parsed.data);
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // Not its message: it quotes the text.
    if (error instanceof SyntaxError) throw new SecretFileError('API keys', path, 'the file is not JSON');
    throw error;
  }
}

function describe(error: z.ZodError): string {
  return error.issues.map(({ path, message }) => `${path.join('.') || 'the file'}: ${message}`).join('; ');
}
