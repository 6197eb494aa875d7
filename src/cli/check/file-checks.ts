import { loadApiKeys } from '../../auth/api-keys.js';
import { SecretFileError } from '../../auth/secret-file.js';
import { loadTokenKey } from '../../auth/token-key.js';
import type { Config } from '../../config/config.js';
import { loadResumeTokens } from '../../sessions/hmac-resume-tokens.js';
import { loadWebhookTargets } from '../../webhooks/webhook-targets.js';
import { fail, ok, warn, type CheckLine } from './check-line.js';

type Files = Pick<Config, 'auth' | 'webhooks'>;

/** The files that a pod needs to start, read as it reads them. */
export async function fileChecks({ auth, webhooks: { file } }: Files): Promise<readonly CheckLine[]> {
  const { secretFile, publicKeyFile, resumeKeysFile, apiKeysFile } = auth;
  return [
    await readable('token key', secretFile ?? publicKeyFile ?? '', () => loadTokenKey(auth)),
    await readable('resume keys', resumeKeysFile, () => loadResumeTokens(resumeKeysFile)),
    apiKeysFile === null
      ? warn('API keys', 'no file: no backend may call', 'set BATON_API_KEYS_FILE, if one should')
      : await readable('API keys', apiKeysFile, () => loadApiKeys(apiKeysFile)),
    ...(file === null ? [] : [await readable('webhooks', file, () => loadWebhookTargets(file))]),
  ];
}

async function readable(what: string, path: string, load: () => Promise<unknown>): Promise<CheckLine> {
  try {
    await load();
    return ok(what, path);
  } catch (error) {
    if (!(error instanceof SecretFileError)) throw error;
    return fail(what, error.message, 'a pod would not start: mount the file, readable by its user, with what it needs');
  }
}
