import { EventEmitter } from 'node:events';
import { expect, it } from '@jest/globals';
import { endWithLastWords, type FallibleHost } from '../../src/last-words.js';
import { silentLogger } from '../support/silent-logger.js';

it('an error that nobody caught is logged, and then the process ends with 1', () => {
  const said: unknown[] = [];
  const emitter = new EventEmitter();
  const host: FallibleHost = {
    on: (event, listener) => emitter.on(event, listener),
    exit: (code) => said.push(code),
  };
  endWithLastWords(host, { ...silentLogger, error: (event, fields) => said.push([event, fields]) });
  const error = new Error('a fault');
  emitter.emit('uncaughtException', error, 'unhandledRejection');
  expect(said).toEqual([['process.failed', { error, origin: 'unhandledRejection' }], 1]);
});
