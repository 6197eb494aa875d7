import { describe, expect, it } from '@jest/globals';
import { closeAction, closeCodes } from '../../src/protocol/close-codes.js';
import { OwnershipScript } from '../support/ownership-script.js';

const LOSSES = [1000, 1001, 1006, 1008, 1011, 1012, 1013, 4002, 4008, 4408, 4429, 4321];
const STOPS = [1002, 1003, 1007, 1009, 4503, 4529, 4700];

it('every code is tried here', () => {
  const codes = Object.values(closeCodes).map(({ code }) => code);
  expect(new Set([...LOSSES, ...STOPS, 4010, 4500, 4501])).toEqual(new Set([...codes, 4321, 4700]));
});

describe('the current connection closed', () => {
  it.each(LOSSES)('%i: a resume is scheduled', (code) => {
    const script = new OwnershipScript().connected().closed(1, code);
    expect(script.state).toMatchObject({ life: { kind: 'running' }, current: null, next: { kind: 'scheduled' } });
    script.play({ type: 'due' });
    expect(script.of('open')).toMatchObject([
      { opened: { attempt: 2 }, hello: { token: null, session: { id: 'S', resume: 'resume-S' } } },
    ]);
  });

  it.each(STOPS)('%i: stop and tell the application', (code) => {
    const script = new OwnershipScript().connected().closed(1, code, 'why');
    expect(script.of('stopped')).toEqual([{ type: 'stopped', why: { closeCode: code, reason: 'why' } }]);
  });

  it('1012: at once with jitter, but like any loss after a failure, or a pod that closes after each welcome makes a hot loop', () => {
    const script = new OwnershipScript().connected().closed(1, 1012);
    expect(script.of('schedule')).toEqual([{ type: 'schedule', atLeastMs: 0, spreadMs: 200 }]);
    script.play({ type: 'due' }).welcome().closed(2, 1012);
    expect(script.of('schedule')).toMatchObject([{ spreadMs: 1_000 }]);
  });

  it.each([1013, 4429])('%i: not before the time that `busy` named', (code) => {
    const script = new OwnershipScript().connected().play({ type: 'busy', connection: 1, retryAfterMs: 3_000 });
    expect(script.closed(1, code).of('schedule')).toMatchObject([{ atLeastMs: 3_000 }]);
  });

  it('while a migrate waits for its time: the attempt is opened at once', () => {
    const script = new OwnershipScript().connected();
    script.play({ type: 'migrate', connection: 1, withinMs: 9_000, deadlineMs: 20_000, endpoints: ['ws://three'] });
    expect(script.closed(1, 1006).of('open')).toMatchObject([{ opened: { url: 'ws://three', attempt: 2 } }]);
  });

  it('4010: a new session from attempt 1 with a new token, and every other connection closed', () => {
    const script = new OwnershipScript().connected().movingTo().closed(1, 4010);
    expect(script.effects).toMatchObject([
      { type: 'gone', connection: 1 },
      { type: 'drop', connection: 2 },
      { type: 'restart', goneSession: 'S' },
      { type: 'schedule' },
    ]);
    script.play({ type: 'due' }, { type: 'token', token: 'second' });
    expect(script.of('open')).toMatchObject([{ opened: { attempt: 1 }, hello: { token: 'second', session: null } }]);
  });
});

describe('a connection opened beside a working one closed', () => {
  it.each([...LOSSES, 1002, 1003, 1007, 1009, 4529])('%i: its own affair, and it is tried again', (code) => {
    const script = new OwnershipScript().connected().movingTo().closed(2, code);
    expect(script.state).toMatchObject({
      life: { kind: 'running' },
      current: { connection: 1 },
      next: { kind: 'scheduled' },
    });
    expect(script.of('drop')).toEqual([]);
    script.play({ type: 'due' });
    expect(script.waiting).toMatchObject({ connection: 3, attempt: 3 });
  });

  it('after the deadline of the migrate it is left to the old pod', () => {
    const script = new OwnershipScript().connected().movingTo();
    script.nowMs = 19_999;
    script.closed(2, 1006);
    script.nowMs = 20_000;
    script.play({ type: 'due' });
    expect(script.state).toMatchObject({ current: { connection: 1 }, next: { kind: 'idle' } });
    expect(script.closed(1, 1012).state.next.kind).toBe('scheduled');
  });

  it.each([4503, 4700])('%i: means what it says, and the working one is closed', (code) => {
    const script = new OwnershipScript().connected().movingTo().closed(2, code);
    expect(script.of('drop')).toEqual([{ type: 'drop', connection: 1 }]);
    expect(script.of('stopped')).toHaveLength(1);
  });

  it('4010: means what it says, and the working one is closed', () => {
    const script = new OwnershipScript().connected().movingTo().closed(2, 4010);
    expect(script.of('drop')).toEqual([{ type: 'drop', connection: 1 }]);
    expect(script.of('restart')).toHaveLength(1);
  });

  it('4501: asks for a token and keeps the working one', () => {
    const script = new OwnershipScript().connected().movingTo().closed(2, 4501).play({ type: 'due' });
    expect(script.state.current?.connection).toBe(1);
    script.play({ type: 'token', token: 'second' });
    expect(script.of('open')).toMatchObject([
      { opened: { attempt: 3 }, hello: { token: 'second', session: { id: 'S', resume: 'resume-S' } } },
    ]);
  });
});

describe('a connection that is neither current nor waiting closed', () => {
  it.each(Object.values(closeCodes).map(({ code }) => code))('%i: nothing else changes', (code) => {
    const script = new OwnershipScript().connected().movingTo().welcome();
    const { previous: _, ...before } = script.state;
    script.closed(1, code, '99');
    expect(script.state).toEqual({ ...before, previous: null });
    expect(script.effects).toEqual([{ type: 'gone', connection: 1 }]);
  });
});

describe('4500 with the attempt that won', () => {
  it.each([
    ['the connection’s own number', '1'],
    ['a number that the client never opened', '7'],
    ['no number', ''],
  ])('%s: somebody else holds the session, so stop', (_, reason) => {
    const script = new OwnershipScript().connected().closed(1, 4500, reason);
    expect(script.of('stopped')).toEqual([{ type: 'stopped', why: { closeCode: 4500, reason } }]);
  });

  it('another number of its own, which it has given up: it comes back', () => {
    const script = new OwnershipScript().connected().movingTo().play({ type: 'attempt-expired' });
    expect(script.state.current?.connection).toBe(1);
    script.closed(1, 4500, '2').play({ type: 'due' });
    expect(script.waiting.attempt).toBe(3);
  });

  it('the number of the attempt that waits: that one decides', () => {
    const script = new OwnershipScript().connected().movingTo().closed(1, 4500, '2');
    expect(script.waiting.attempt).toBe(2);
    expect(script.welcome().state.current?.attempt).toBe(2);
  });

  it('a foreign one on a connection opened beside a working one closes both', () => {
    const script = new OwnershipScript().connected().movingTo().closed(2, 4500, '5');
    expect(script.of('drop')).toEqual([{ type: 'drop', connection: 1 }]);
    expect(script.of('stopped')).toHaveLength(1);
  });
});

describe('4501', () => {
  it('on the current connection: the next hello has a token besides session and resume', () => {
    const script = new OwnershipScript().connected().closed(1, 4501).play({ type: 'due' });
    expect(script.of('ask-token')).toHaveLength(1);
    script.play({ type: 'token', token: 'second' });
    expect(script.of('open')).toMatchObject([{ hello: { token: 'second', session: { id: 'S' } } }]);
    script.welcome().closed(2, 1006).play({ type: 'due' });
    expect(script.of('open')).toMatchObject([{ hello: { token: null } }]);
  });

  it('twice without a welcome in between: stop', () => {
    const script = new OwnershipScript().play({ type: 'start' }, { type: 'token', token: 'a' }).closed(1, 4501);
    expect(script.of('stopped')).toEqual([]);
    script.play({ type: 'due' }, { type: 'token', token: 'b' }).closed(2, 4501, 'expired');
    expect(script.of('stopped')).toEqual([{ type: 'stopped', why: { closeCode: 4501, reason: 'expired' } }]);
  });

  it('twice, with a loss in between, is still twice', () => {
    const script = new OwnershipScript().connected().closed(1, 4501);
    script.play({ type: 'due' }, { type: 'token', token: 'b' }).closed(2, 1006);
    script.play({ type: 'due' }, { type: 'token', token: 'c' }).closed(3, 4501);
    expect(script.of('stopped')).toHaveLength(1);
  });

  it('on both connections of a hand-over at the end of the credential: one new token is tried before it stops', () => {
    const script = new OwnershipScript().connected().movingTo().closed(1, 4501).closed(2, 4501);
    expect(script.of('stopped')).toEqual([]);
    script.play({ type: 'due' }, { type: 'token', token: 'b' }).closed(3, 4501);
    expect(script.of('stopped')).toHaveLength(1);
  });

  it('a token that the application cannot give is asked for again, later', () => {
    const script = new OwnershipScript().play({ type: 'start' }, { type: 'no-token' });
    expect(script.of('schedule')).toMatchObject([{ spreadMs: 500 }]);
    expect(script.play({ type: 'due' }).of('ask-token')).toHaveLength(1);
  });
});

it('the table of actions is what is tried: losses resume in some way, stops stop', () => {
  for (const code of LOSSES) expect(closeAction(code)).toMatch(/^(none|resume.*)$/);
  for (const code of STOPS) expect(closeAction(code)).toBe('stop');
});
