import { Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { SendingModule } from '../messaging/sending.module.js';
import { LOGGER, type Logger } from '../observability/logger.js';
import { ErrorFilter } from './error-filter.js';
import { MessagesController } from './messages.controller.js';
import { SessionDataController } from './session-data.controller.js';
import { SessionsController } from './sessions.controller.js';

/** What backends call. */
@Module({
  imports: [SendingModule],
  controllers: [MessagesController, SessionsController, SessionDataController],
  providers: [
    { provide: APP_FILTER, inject: [LOGGER], useFactory: (logger: Logger): ErrorFilter => new ErrorFilter(logger) },
  ],
})
export class HttpApiModule {}
