import { Module } from '@nestjs/common';
import { SESSION_STORE, type SessionStore } from '../sessions/session-store.js';
import { STREAM_LOG, type StreamLog } from '../streams/stream-log.js';
import { Sender } from './send.js';

/** What the HTTP API needs of messaging. */
@Module({
  providers: [
    {
      provide: Sender,
      inject: [STREAM_LOG, SESSION_STORE],
      useFactory: (log: StreamLog, sessions: SessionStore) => new Sender(log, sessions),
    },
  ],
  exports: [Sender],
})
export class SendingModule {}
