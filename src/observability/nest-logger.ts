import type { LoggerService } from '@nestjs/common';
import type { Logger } from './logger.js';

/** What Nest itself has to say: its chatter about routes and modules only for who debugs. */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown, ...rest: unknown[]): void {
    this.logger.debug('nest', { message, context: rest.at(-1) });
  }
  warn(message: unknown, ...rest: unknown[]): void {
    this.logger.warn('nest.warning', { message, context: rest.at(-1) });
  }
  error(message: unknown, ...rest: unknown[]): void {
    this.logger.error('nest.error', { message, detail: rest });
  }
}
