import type { Authenticator, Principal } from '../auth/principal.js';
import { BatonError } from '../lib/baton-error.js';
import type { HelloFrame } from '../protocol/frames.js';
import type { TenantId, UserId } from '../protocol/ids.js';
import type { ResumeTokens } from '../sessions/resume-tokens.js';
import type { SessionFields, SessionRow } from '../sessions/session-store.js';

/** Who claims, and with what: a new session's fields, a renewed credential, or the resume token alone. */
export interface ClaimedBy {
  readonly tenant: TenantId;
  readonly user: UserId;
  readonly create?: SessionFields;
  readonly renew?: SessionFields;
}

/** What a `hello` or `token` frame proves. Every refusal is BatonError `unauthorized`. */
export class Credentials {
  constructor(
    private readonly authenticator: Authenticator,
    private readonly resumeTokens: ResumeTokens,
  ) {}

  async identify(hello: HelloFrame, upgradeToken: string | null): Promise<ClaimedBy> {
    const token = hello.token ?? upgradeToken;
    if (hello.session === undefined || hello.resume === undefined) {
      if (token === null) throw new BatonError('unauthorized', '`hello` needs a token or a session to resume');
      const principal = await this.authenticator.verifyToken(token);
      return { tenant: principal.tenant, user: principal.user, create: fieldsOf(principal) };
    }
    const known = this.resumeTokens.verify(hello.resume);
    if (known.session !== hello.session) throw new BatonError('unauthorized', 'not the resume token of this session');
    const { tenant, user } = known;
    // The upgrade's header only opens a first session: on a resume the token of `hello` is what renews.
    if (hello.token === undefined) return { tenant, user };
    return { tenant, user, renew: await this.renewal(hello.token, tenant, user) };
  }

  /** A new token for a session that exists: of the same tenant and user. */
  async renewal(token: string, tenant: TenantId, user: UserId): Promise<SessionFields> {
    const principal = await this.authenticator.verifyToken(token);
    if (principal.tenant !== tenant || principal.user !== user)
      throw new BatonError('unauthorized', 'the token is of another tenant or user');
    return fieldsOf(principal);
  }

  resumeToken(row: SessionRow): string {
    return this.resumeTokens.sign({ tenant: row.tenant, user: row.user, session: row.session });
  }
}

function fieldsOf({ user, grants, expiresAtMs }: Principal): SessionFields {
  return { user, grants, credentialExpiresAtMs: expiresAtMs };
}
