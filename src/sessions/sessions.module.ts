import { Global, Module } from '@nestjs/common';
import type { Config } from '../config/config.js';
import { CONFIG } from '../config/tokens.js';
import { loadResumeTokens } from './hmac-resume-tokens.js';
import { RESUME_TOKENS } from './resume-tokens.js';

/** What proves a session; the sessions themselves come with the module of the storage. */
@Global()
@Module({
  providers: [
    {
      provide: RESUME_TOKENS,
      inject: [CONFIG],
      useFactory: ({ auth }: Config) => loadResumeTokens(auth.resumeKeysFile),
    },
  ],
  exports: [RESUME_TOKENS],
})
export class SessionsModule {}
