import { Inject, Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { DrainCoordinator } from '../draining/drain-coordinator.js';
import { DrainingModule } from '../draining/draining.module.js';
import { SendingModule } from '../messaging/sending.module.js';
import { WaitingReads } from '../messaging/waiting-reads.js';
import { LOGGER, type Logger } from '../observability/logger.js';
import { ErrorFilter } from './error-filter.js';
import { allowedMethods } from './known-routes.js';
import { MessagesController } from './messages.controller.js';
import { SessionDataController } from './session-data.controller.js';
import { SessionsController } from './sessions.controller.js';
import { StreamsController } from './streams.controller.js';

const controllers = [MessagesController, StreamsController, SessionsController, SessionDataController];

/** What backends call. */
@Module({
  imports: [SendingModule, DrainingModule],
  controllers,
  providers: [
    {
      provide: APP_FILTER,
      inject: [LOGGER],
      useFactory: (logger: Logger): ErrorFilter => new ErrorFilter(logger, allowedMethods(controllers)),
    },
  ],
})
export class HttpApiModule {
  constructor(@Inject(DrainCoordinator) drain: DrainCoordinator, @Inject(WaitingReads) waiting: WaitingReads) {
    void drain.begun.then(() => {
      waiting.drain();
    });
  }
}
