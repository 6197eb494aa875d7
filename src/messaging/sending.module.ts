import { Module } from '@nestjs/common';
import { CLOCK } from '../config/tokens.js';
import type { Clock } from '../lib/clock.js';
import { SESSION_STORE, type SessionStore } from '../sessions/session-store.js';
import { LIVE_STREAMS, type LiveStreams } from '../streams/live-streams.js';
import { STREAM_LOG, type StreamLog } from '../streams/stream-log.js';
import { Sender } from './send.js';
import { StreamReader } from './stream-reader.js';
import { WaitingReads } from './waiting-reads.js';

/** What the HTTP API needs of messaging. */
@Module({
  providers: [
    {
      provide: Sender,
      inject: [STREAM_LOG, SESSION_STORE],
      useFactory: (log: StreamLog, sessions: SessionStore) => new Sender(log, sessions),
    },
    { provide: WaitingReads, useFactory: () => new WaitingReads() },
    {
      provide: StreamReader,
      inject: [STREAM_LOG, LIVE_STREAMS, SESSION_STORE, WaitingReads, CLOCK],
      useFactory: (
        log: StreamLog,
        live: LiveStreams,
        sessions: SessionStore,
        waiting: WaitingReads,
        clock: Clock,
      ): StreamReader => new StreamReader({ log, live, sessions, waiting, clock }),
    },
  ],
  exports: [Sender, StreamReader, WaitingReads],
})
export class SendingModule {}
