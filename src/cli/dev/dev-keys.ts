import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadTokenKey } from '../../auth/token-key.js';
import type { Grant } from '../../protocol/grants.js';
import type { TenantId, UserId } from '../../protocol/ids.js';
import { EVERYTHING, newApiKey, newSecret } from '../new-api-key.js';
import { signToken } from '../sign-token.js';

const DAY_SECONDS = 86_400;

export interface TokenOptions {
  /** Default: everything. */
  readonly grants?: readonly Grant[];
  /** Default: a day. */
  readonly ttlSeconds?: number;
}

/** Credentials that live as long as this process. */
export interface DevKeys {
  readonly apiKey: string;
  token(user: UserId, options?: TokenOptions): Promise<string>;
  /** Gives `use` the settings that name the files, which are removed when it has ended: a pod reads them at its start only. */
  withFiles<T>(use: (settings: Readonly<Record<string, string>>) => Promise<T>): Promise<T>;
}

export function makeDevKeys(tenant: TenantId): DevKeys {
  const { key: apiKey, row } = newApiKey('development', tenant, EVERYTHING);
  const contents = {
    BATON_TOKEN_SECRET_FILE: newSecret(),
    BATON_RESUME_KEYS_FILE: newSecret(),
    BATON_API_KEYS_FILE: JSON.stringify([row]),
  };
  let signer: ReturnType<typeof loadTokenKey> | undefined;
  return {
    apiKey,
    token: async (user, { grants = EVERYTHING, ttlSeconds = DAY_SECONDS } = {}) => {
      if (signer === undefined) throw new TypeError('tokens are signed once the pod has started');
      return signToken(await signer, { tenant, user, grants, ttlSeconds });
    },
    withFiles: async (use) => {
      const directory = await mkdtemp(join(tmpdir(), 'baton-dev-'));
      try {
        const settings: Record<string, string> = {};
        for (const [setting, content] of Object.entries(contents)) {
          settings[setting] = join(directory, setting.toLowerCase());
          await writeFile(settings[setting], `${content}\n`, { mode: 0o600, flag: 'wx' });
        }
        const secretFile = settings['BATON_TOKEN_SECRET_FILE'] ?? null;
        signer = loadTokenKey({ ...TOKENS, secretFile, publicKeyFile: null });
        await signer;
        return await use({ ...settings, ...tokenSettings });
      } finally {
        await rm(directory, { recursive: true, force: true });
      }
    },
  };
}

const TOKENS = { issuer: 'baton', audience: 'baton', algorithms: ['HS256'] } as const;
const tokenSettings = {
  BATON_TOKEN_ISSUER: TOKENS.issuer,
  BATON_TOKEN_AUDIENCE: TOKENS.audience,
  BATON_TOKEN_ALGORITHMS: TOKENS.algorithms.join(','),
};
