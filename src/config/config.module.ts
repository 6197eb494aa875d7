import { Module, type DynamicModule } from '@nestjs/common';
import { systemClock, type Clock } from '../lib/clock.js';
import type { Config } from './config.js';
import { CLOCK, CONFIG } from './tokens.js';

/** What every room may ask for: the tree, of which a class is given its slice, and the time. */
@Module({})
export class ConfigModule {
  static of(config: Config, clock: Clock = systemClock): DynamicModule {
    return {
      module: ConfigModule,
      global: true,
      providers: [
        { provide: CONFIG, useValue: config },
        { provide: CLOCK, useValue: clock },
      ],
      exports: [CONFIG, CLOCK],
    };
  }
}
