import { Global, Module } from '@nestjs/common';
import type { Config } from '../config/config.js';
import { CLOCK, CONFIG } from '../config/tokens.js';
import type { Clock } from '../lib/clock.js';
import { loadApiKeys } from './api-keys.js';
import { JwtAuthenticator } from './jwt-authenticator.js';
import { AUTHENTICATOR } from './principal.js';
import { loadTokenKey } from './token-key.js';

/** Reads the key files once, when the application is put together: a bad one ends the start. */
@Global()
@Module({
  providers: [
    {
      provide: AUTHENTICATOR,
      inject: [CONFIG, CLOCK],
      useFactory: async ({ auth }: Config, clock: Clock) =>
        new JwtAuthenticator(await loadTokenKey(auth), await loadApiKeys(auth.apiKeysFile), clock),
    },
  ],
  exports: [AUTHENTICATOR],
})
export class AuthModule {}
