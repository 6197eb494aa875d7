import { parseArgs } from 'node:util';
import { loadTokenKey } from '../auth/token-key.js';
import { ConfigError, loadFields, type Environment } from '../config/load-config.js';
import type { Command } from './command.js';
import { grantOptions, tenantOption, ttlOption, userOption } from './option-values.js';
import { signToken, type TokenClaims } from './sign-token.js';

/** Signs a token as the pods with the same environment accept it. Prints nothing else, so that a shell can take it. */
export const tokenCommand: Command = {
  name: 'token',
  summary: 'sign a token for development',
  usage: `baton token --tenant <id> --user <id> [--grant <stream>=<permissions>]... [--ttl 1h]

  --grant  may be repeated: channel:room-*=subscribe,publish; permissions are subscribe, publish and presence
  --ttl    how long the token is valid: 90s, 15m, 1h, 7d

Reads BATON_TOKEN_SECRET_FILE, BATON_TOKEN_ISSUER, BATON_TOKEN_AUDIENCE and BATON_TOKEN_ALGORITHMS as the service does.`,

  async run(args, terminal) {
    const { values } = parseArgs({
      args: [...args],
      options: {
        tenant: { type: 'string' },
        user: { type: 'string' },
        grant: { type: 'string', multiple: true },
        ttl: { type: 'string', default: '1h' },
      },
    });
    const claims = {
      tenant: tenantOption(values.tenant),
      user: userOption(values.user),
      grants: grantOptions(values.grant),
      ttlSeconds: ttlOption(values.ttl),
    };
    terminal.print(await signTokenFor(claims, terminal.env));
    return 0;
  },
};

/** Throws ConfigError without a secret to sign with. */
export async function signTokenFor(claims: TokenClaims, env: Environment): Promise<string> {
  const config = loadFields(env, 'auth', ['secretFile', 'issuer', 'audience', 'algorithms']);
  if (config.secretFile === null)
    throw new ConfigError([
      { keys: ['BATON_TOKEN_SECRET_FILE'], problem: 'is required: a public key verifies tokens and signs none' },
    ]);
  return signToken(await loadTokenKey({ ...config, publicKeyFile: null }), claims);
}
