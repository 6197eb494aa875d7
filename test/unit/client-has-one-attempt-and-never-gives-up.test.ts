import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { OwnershipEvent } from '../../src/client/ownership.js';
import { closeCodes } from '../../src/protocol/close-codes.js';
import { asSessionId } from '../../src/protocol/ids.js';
import { OwnershipScript } from '../support/ownership-script.js';

const connection = fc.integer({ min: 1, max: 8 });
const code = fc.constantFrom(...Object.values(closeCodes).map((row) => row.code), 4321, 4700);
const reason = fc.constantFrom('', '1', '2', '3', '9', 'x');
const session = { id: asSessionId('S'), resume: 'r' };
const anyEvent: fc.Arbitrary<OwnershipEvent> = fc.oneof(
  fc.record({ type: fc.constant('due') }),
  fc.record({ type: fc.constant('token'), token: fc.constant('t') }),
  fc.record({ type: fc.constant('no-token') }),
  fc.record({ type: fc.constant('welcome'), connection, session: fc.constant(session) }),
  fc.record({
    type: fc.constant('migrate'),
    connection,
    withinMs: fc.constant(1_000),
    deadlineMs: fc.constantFrom(0, 20_000),
    endpoints: fc.constantFrom([], ['ws://three', 'ws://four']),
  }),
  fc.record({ type: fc.constant('busy'), connection, retryAfterMs: fc.constant(700) }),
  fc.record({ type: fc.constant('closed'), connection, code, reason }),
  fc.record({ type: fc.constantFrom('attempt-expired', 'overlap-expired') }),
  fc.record({ type: fc.constant('steady'), connection }),
);

/** Events about connections that don't exist teach nothing: half of them are turned to one that does. */
function aimed(script: OwnershipScript, event: OwnershipEvent): OwnershipEvent {
  if (!('connection' in event) || event.connection % 2 === 0) return event;
  const { current, next, previous } = script.state;
  const known = [next.kind === 'waiting' ? next.opened : null, current, previous].filter((opened) => opened !== null);
  const chosen = known[(event.connection >> 1) % Math.max(1, known.length)];
  return chosen ? { ...event, connection: chosen.connection } : event;
}

describe('whatever happens, until it stops, a client', () => {
  const run = (check: (script: OwnershipScript, opened: readonly (readonly [number, string | null])[]) => void) => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 60, size: 'max' }), (events) => {
        const script = new OwnershipScript().play({ type: 'start' });
        const opened: [number, string | null][] = [];
        for (const event of events) {
          script.nowMs += 500;
          script.play(aimed(script, event));
          for (const { opened: each, hello } of script.of('open'))
            opened.push([each.attempt, hello.session?.id ?? null]);
          check(script, opened);
        }
      }),
      { numRuns: 500 },
    );
  };

  it('is connected, or an attempt waits, or a token is awaited, or a resume is scheduled', () => {
    run(({ state }) => {
      if (state.life.kind === 'running' && state.current === null) expect(state.next.kind).not.toBe('idle');
    });
  });

  it('has a timer running for whatever it waits for', () => {
    const script = { wasScheduled: false };
    run(({ state, effects }) => {
      const scheduled = effects.some(({ type }) => type === 'schedule');
      if (state.next.kind === 'scheduled') expect(scheduled || script.wasScheduled).toBe(true);
      if (effects.some(({ type }) => type === 'open'))
        expect(effects).toContainEqual({ type: 'timer', timer: 'attempt-expired', afterMs: 10_000 });
      if (effects.some(({ type }) => type === 'ask-token')) expect(state.next.kind).toBe('token');
      script.wasScheduled = state.next.kind === 'scheduled';
    });
  });

  it('opens no connection while another attempt waits, and closes what it gives up', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 60, size: 'max' }), (events) => {
        const script = new OwnershipScript().play({ type: 'start' });
        const open = new Set<number>();
        for (const each of events) {
          const event = aimed(script, each);
          if (event.type === 'closed') open.delete(event.connection);
          script.play(event);
          for (const effect of script.effects) {
            if (effect.type === 'drop') open.delete(effect.connection);
            if (effect.type === 'open') open.add(effect.opened.connection);
          }
          const { current, next, previous } = script.state;
          const known = [next.kind === 'waiting' ? next.opened : null, current, previous];
          expect([...open].sort()).toEqual(known.flatMap((opened) => (opened ? [opened.connection] : [])).sort());
        }
      }),
      { numRuns: 500 },
    );
  });

  it('never uses a number twice in a session, and has attempt 1 without one', () => {
    run((_script, opened) => {
      const [last, before] = [opened.at(-1), opened.at(-2)];
      if (last?.[1] === null) expect(last[0]).toBe(1);
      else if (last && before?.[1] === last[1]) expect(last[0]).toBeGreaterThan(before[0]);
      else if (last) expect(last[0]).toBe(2);
    });
  });
});

it('a lost current connection opens nothing while an attempt waits', () => {
  const script = new OwnershipScript().connected().movingTo().closed(1, 1006);
  expect(script.effects).toEqual([{ type: 'gone', connection: 1 }]);
  expect(script.waiting.connection).toBe(2);
});

it('an attempt is given up after 10 s, closed, and never heard again', () => {
  const script = new OwnershipScript().connected().closed(1, 1006).play({ type: 'due' });
  expect(script.waiting).toMatchObject({ connection: 2, attempt: 2 });
  script.play({ type: 'attempt-expired' });
  expect(script.effects).toContainEqual({ type: 'drop', connection: 2 });
  expect(script.state.next.kind).toBe('scheduled');
  const late = script.state;
  script.play({ type: 'welcome', connection: 2, session });
  expect(script.state).toEqual(late);
  script.play({ type: 'due' });
  expect(script.waiting).toMatchObject({ connection: 3, attempt: 3 });
});

it('a first session whose welcome was lost is never used: the next attempt is a first one again', () => {
  const script = new OwnershipScript().play(
    { type: 'start' },
    { type: 'token', token: 'a' },
    { type: 'attempt-expired' },
  );
  script.play({ type: 'due' });
  expect(script.of('ask-token')).toHaveLength(1);
  script.play({ type: 'token', token: 'b' });
  expect(script.of('open')).toMatchObject([{ opened: { attempt: 1 }, hello: { session: null, token: 'b', hops: 0 } }]);
});

it('waits longer after each failure, and starts from 0 only 30 s after a welcome', () => {
  const script = new OwnershipScript().connected();
  const spreads: number[] = [];
  for (let failure = 0; failure < 8; failure += 1) {
    script.closed(script.current, 1006);
    spreads.push(...script.of('schedule').map(({ spreadMs }) => spreadMs));
    script.play({ type: 'due' }).welcome();
  }
  expect(spreads).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 20_000, 20_000]);
  script.play({ type: 'steady', connection: script.current - 1 }).closed(script.current, 1006);
  expect(script.of('schedule')).toMatchObject([{ spreadMs: 20_000 }]);
  script.play({ type: 'due' }).welcome();
  script.play({ type: 'steady', connection: script.current }).closed(script.current, 1006);
  expect(script.of('schedule')).toMatchObject([{ spreadMs: 500 }]);
});
