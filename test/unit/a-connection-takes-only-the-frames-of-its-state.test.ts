import { describe, expect, it } from '@jest/globals';
import { nextState, type ConnectionEvent, type ConnectionState } from '../../src/connections/connection-state.js';
import { admitFrame } from '../../src/connections/frame-gate.js';
import type { ClientFrameType } from '../../src/protocol/frames.js';

const states: readonly ConnectionState[] = ['awaiting-hello', 'claiming', 'open', 'leaving', 'closing', 'closed'];
const types: readonly (ClientFrameType | 'unreadable')[] = [
  'hello',
  'publish',
  'subscribe',
  'unsubscribe',
  'token',
  'unreadable',
  'pong',
  'bye',
];
const order = new Map(states.map((state, index) => [state, index]));

describe('a connection', () => {
  it('takes exactly these frames in each state; + take, . drop, ! close 1002', () => {
    const table = states.map((state) => {
      const row = types.map((type) => ({ take: '+', drop: '.', violation: '!' })[admitFrame(state, type)]);
      return `${state.padEnd(14)} ${row.join('')}`;
    });
    expect(table).toEqual([
      'awaiting-hello +!!!!!!!',
      'claiming       !!!!!!++',
      'open           !+++++++',
      'leaving        ......++',
      'closing        ........',
      'closed         ........',
    ]);
  });

  it('never goes back', () => {
    const events: readonly ConnectionEvent[] = ['hello', 'welcome', 'superseded', 'close', 'closed'];
    for (const state of states)
      for (const event of events)
        expect(order.get(nextState(state, event))).toBeGreaterThanOrEqual(order.get(state) ?? 0);
  });
});
