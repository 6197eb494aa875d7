import { EventEmitter } from 'node:events';
import { beforeEach, expect, it } from '@jest/globals';
import { processTerminal } from '../../src/cli/process-terminal.js';
import type { Terminal } from '../../src/cli/command.js';
import { ManualClock } from '../support/manual-clock.js';

let host: EventEmitter;
let streams: Readonly<Record<'stdout' | 'stderr', EventEmitter>>;
let exits: number[];
let clock: ManualClock;
let terminal: Terminal;

beforeEach(() => {
  [exits, clock] = [[], new ManualClock()];
  streams = { stdout: new EventEmitter(), stderr: new EventEmitter() };
  host = Object.assign(new EventEmitter(), { ...streams, env: {}, exit: (code: number) => exits.push(code) });
  terminal = processTerminal(host as NodeJS.Process, clock);
});

it('leaves signals to the system until somebody waits for one', () => {
  expect(host.listenerCount('SIGINT')).toBe(0);
  expect(terminal.interrupted.aborted).toBe(false);
  expect(host.listenerCount('SIGINT')).toBe(1);
  expect(terminal.interrupted).toBe(terminal.interrupted);
});

it.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
])('%s ends what goes on; another one, and not the same told twice, ends everything', (name, code) => {
  const { interrupted } = terminal;
  host.emit(name);
  expect(interrupted.aborted).toBe(true);
  clock.advance(100);
  host.emit(name);
  expect(exits).toEqual([]);
  clock.advance(1_000);
  host.emit(name);
  expect(exits).toEqual([code]);
});

it('whoever reads no more ends it without a complaint, and a full disk with one', () => {
  streams.stdout.emit('error', Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
  expect(exits).toEqual([0]);
  streams.stdout.emit('error', Object.assign(new Error('write ENOSPC'), { code: 'ENOSPC' }));
  expect(exits).toEqual([0, 1]);
});
