import { isApiKeyShaped } from '../auth/api-keys.js';
import { principalOfKey, type Authenticator, type Principal } from '../auth/principal.js';
import { BatonError } from '../lib/baton-error.js';
import type { HelloFrame } from '../protocol/frames.js';
import { keyOfUser, type TenantId, type UserId } from '../protocol/ids.js';
import type { ResumeTokens } from '../sessions/resume-tokens.js';
import type { SessionFields, SessionRow } from '../sessions/session-store.js';

/** Who claims, and with what: a new session's fields, a renewed credential, or the resume token alone. */
export interface ClaimedBy {
  readonly tenant: TenantId;
  readonly user: UserId;
  readonly create?: SessionFields;
  readonly renew?: SessionFields;
}

/** What a `hello` or `token` frame proves, by a token or an API key. Every refusal is BatonError `unauthorized`. */
export class Credentials {
  constructor(
    private readonly authenticator: Authenticator,
    private readonly resumeTokens: ResumeTokens,
  ) {}

  /**
   * `payForToken` is called before a token is verified that nothing cheaper speaks for: the hash of an API key, or the
   * MAC of a resume token. What it throws, this rejects with.
   */
  async identify(hello: HelloFrame, upgradeToken: string | null, payForToken: () => void): Promise<ClaimedBy> {
    const token = hello.token ?? upgradeToken;
    if (hello.session === undefined || hello.resume === undefined) {
      if (token === null) throw new BatonError('unauthorized', '`hello` needs a token or a session to resume');
      if (!isApiKeyShaped(token)) payForToken();
      const principal = await this.verify(token);
      return { tenant: principal.tenant, user: principal.user, create: fieldsOf(principal) };
    }
    const known = this.resumeTokens.verify(hello.resume);
    if (known.session !== hello.session) throw new BatonError('unauthorized', 'not the resume token of this session');
    const { tenant, user } = known;
    // The upgrade's header only opens a first session: on a resume the token of `hello` is what renews.
    if (hello.token === undefined) return { tenant, user, ...this.ofKey(tenant, user) };
    return { tenant, user, renew: await this.renewal(hello.token, tenant, user) };
  }

  /** A new token for a session that exists: of the same tenant and user. */
  async renewal(token: string, tenant: TenantId, user: UserId): Promise<SessionFields> {
    const principal = await this.verify(token);
    if (principal.tenant !== tenant || principal.user !== user)
      throw new BatonError('unauthorized', 'the token is of another tenant or user');
    return fieldsOf(principal);
  }

  private async verify(credential: string): Promise<Principal> {
    if (!isApiKeyShaped(credential)) return this.authenticator.verifyToken(credential);
    return principalOfKey(this.authenticator.verifyApiKey(credential));
  }

  /** An API key has no end of its own: its session is over once the key is, and has the grants that the key has now. */
  private ofKey(tenant: TenantId, user: UserId): Pick<ClaimedBy, 'renew'> {
    const keyId = keyOfUser(user);
    if (keyId === null) return {};
    const backend = this.authenticator.findApiKey(tenant, keyId);
    if (backend === null) throw new BatonError('unauthorized', 'the API key of this session is gone');
    return { renew: fieldsOf(principalOfKey(backend)) };
  }

  resumeToken(row: SessionRow): string {
    return this.resumeTokens.sign({ tenant: row.tenant, user: row.user, session: row.session });
  }
}

function fieldsOf({ user, grants, expiresAtMs }: Principal): SessionFields {
  return { user, grants, credentialExpiresAtMs: expiresAtMs };
}
