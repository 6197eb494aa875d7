import type { SessionId, TenantId, UserId } from '../protocol/ids.js';

/** What a resume token proves. */
export interface ResumeClaim {
  readonly tenant: TenantId;
  readonly user: UserId;
  readonly session: SessionId;
}

export interface ResumeTokens {
  /** At most 512 characters; opaque to clients. Always by the newest key. */
  sign(claim: ResumeClaim): string;
  /** Throws BatonError `unauthorized`. Whether the session still exists is Redis' to say. */
  verify(token: string): ResumeClaim;
}

export const RESUME_TOKENS = Symbol('ResumeTokens');
