import { Global, Module } from '@nestjs/common';
import type { Config } from '../config/config.js';
import { CONFIG } from '../config/tokens.js';
import { loadResumeTokens } from './hmac-resume-tokens.js';
import { RESUME_TOKENS } from './resume-tokens.js';
import { SessionWatch } from './session-watch.js';

/** What proves a session, and who watches them; the sessions themselves come with the module of the storage. */
@Global()
@Module({
  providers: [
    {
      provide: RESUME_TOKENS,
      inject: [CONFIG],
      useFactory: ({ auth }: Config) => loadResumeTokens(auth.resumeKeysFile),
    },
    { provide: SessionWatch, useFactory: () => new SessionWatch() },
  ],
  exports: [RESUME_TOKENS, SessionWatch],
})
export class SessionsModule {}
