import { beforeEach, describe, expect, it } from '@jest/globals';
import type { StreamEffect } from '../../src/client/stream-state.js';
import { Subscriptions } from '../../src/client/subscriptions.js';
import type { ResetReason } from '../../src/protocol/frames.js';
import { asEntryId } from '../../src/protocol/ids.js';

const stream = 'channel:a';
const id = (offset: number, log = 'e') => asEntryId(`${log}${offset}`);
const at = (offset: number, log = 'e') => ({ offset, id: id(offset, log) });
const message = (offset: number, log = 'e') =>
  ({ type: 'message', stream, offset, id: id(offset, log), prev: id(offset - 1, log), data: offset }) as const;
const subscribed = (offset: number, log = 'e') => ({ type: 'subscribed', stream, position: at(offset, log) }) as const;
const reset = (offset: number, log = 'e', reason: ResetReason = 'lost') =>
  ({ type: 'reset', stream, reason, position: at(offset, log) }) as const;
const [A, B, C] = [1, 2, 3];

let subscriptions: Subscriptions;
let effects: StreamEffect[];

const received = (connection: number, ...frames: Parameters<Subscriptions['frame']>[1][]) => {
  effects = frames.flatMap((frame) => subscriptions.frame(connection, frame));
};
const delivered = () => effects.flatMap((effect) => (effect.type === 'deliver' ? [effect.message.offset] : []));
const asked = () => effects.filter(({ type }) => type === 'subscribe');
const open = (connection: number) => {
  subscriptions.hello(connection);
  effects = [...subscriptions.welcomed(connection)];
};

beforeEach(() => {
  subscriptions = new Subscriptions();
  effects = [];
});

/** Live on A at this offset. */
function live(offset: number): void {
  subscriptions.add(stream, null);
  open(A);
  received(A, subscribed(offset));
}

describe('a stream on one connection', () => {
  it('without a position is asked for from now, and takes the position of `subscribed`', () => {
    subscriptions.add(stream, null);
    expect(subscriptions.hello(A)).toEqual({ [stream]: null });
    subscriptions.welcomed(A);
    received(A, message(3), subscribed(7), message(8));
    expect(delivered()).toEqual([8]);
    expect(subscriptions.position(stream)).toEqual(at(8));
  });

  it('applies only what follows its position; repeats are ignored, whatever else makes it ask again from there', () => {
    live(5);
    received(A, message(6), message(6), message(4), message(7));
    expect(delivered()).toEqual([6, 7]);
    expect(asked()).toEqual([]);
    received(A, message(9));
    expect(effects).toEqual([{ type: 'subscribe', connection: A, stream, position: at(7) }]);
  });

  it.each([
    ['another predecessor', message(8, 'x')],
    ['another id at its own offset', message(7, 'x')],
  ])('%s is a gap', (_, frame) => {
    live(7);
    received(A, frame);
    expect(delivered()).toEqual([]);
    expect(asked()).toHaveLength(1);
  });

  it('has one unanswered subscribe at most: what is not next is dropped until its answer', () => {
    live(5);
    received(A, message(8), message(9), message(10));
    expect(asked()).toHaveLength(1);
    received(A, message(6), message(7), subscribed(7), message(8));
    expect(delivered()).toEqual([6, 7, 8]);
    expect(asked()).toEqual([]);
  });

  it('asks again if the answer ends elsewhere than its own position, the first time at once, then with backoff', () => {
    live(5);
    received(A, message(8));
    received(A, message(6), subscribed(8));
    expect(effects.at(-1)).toEqual({ type: 'subscribe', connection: A, stream, position: at(6) });
    received(A, subscribed(8));
    expect(effects).toEqual([{ type: 'pause', stream, atLeastMs: 0, failures: 0 }]);
    received(A, message(9));
    expect(effects).toEqual([]);
    effects = [...subscriptions.due(stream)];
    expect(asked()).toHaveLength(1);
    received(A, subscribed(9));
    expect(effects).toEqual([{ type: 'pause', stream, atLeastMs: 0, failures: 1 }]);
  });

  it('is asked for again after a temporary error, not earlier than it says; a final one ends it', () => {
    live(5);
    received(A, { type: 'error', code: 'unavailable', message: '', stream, retryAfterMs: 300 });
    expect(effects).toEqual([{ type: 'pause', stream, atLeastMs: 300, failures: 0 }]);
    expect(subscriptions.due(stream)).toEqual([{ type: 'subscribe', connection: A, stream, position: at(5) }]);
    received(A, { type: 'error', code: 'forbidden', message: 'no grant', stream });
    expect(effects).toEqual([{ type: 'ended', stream, code: 'forbidden', message: 'no grant' }]);
    received(A, message(6));
    expect(effects).toEqual([]);
  });
});

describe('reset', () => {
  it('is told at once, and its position is the one to go on from; it may come unasked', () => {
    live(5);
    received(A, reset(2, 'n', 'forked'), subscribed(2, 'n'), message(3, 'n'));
    expect(effects).toMatchObject([
      { type: 'reset', reason: 'forked', position: at(2, 'n') },
      { type: 'ready', position: at(2, 'n') },
      { type: 'deliver', message: { offset: 3 } },
    ]);
  });

  it('is followed by `subscribed`: until then what is not next is dropped', () => {
    live(5);
    received(A, reset(9, 'n'), message(12, 'n'));
    expect(asked()).toEqual([]);
  });

  it('is not applied if the position has moved since the subscribe that it answers: it asks again after `subscribed`', () => {
    live(5);
    received(A, message(8));
    received(A, message(6), reset(20, 'n'));
    expect(effects.filter(({ type }) => type === 'reset')).toEqual([]);
    expect(subscriptions.position(stream)).toEqual(at(6));
    received(A, subscribed(20, 'n'));
    expect(asked()).toEqual([{ type: 'subscribe', connection: A, stream, position: at(6) }]);
  });

  it('the one that answers the second subscribe is applied', () => {
    live(5);
    received(A, message(8));
    received(A, message(6), reset(20, 'n'), subscribed(20, 'n'), reset(21, 'n'), subscribed(21, 'n'));
    expect(effects.filter(({ type }) => type === 'reset')).toHaveLength(1);
    expect(subscriptions.position(stream)).toEqual(at(21, 'n'));
  });

  it('two in one answer are both applied', () => {
    live(5);
    received(A, message(8));
    received(A, reset(20, 'n'), reset(30, 'm'), subscribed(30, 'm'));
    expect(effects.filter(({ type }) => type === 'reset')).toHaveLength(2);
  });
});

describe('in a hand-over', () => {
  it('the old connection goes on delivering until the first frame of the new one, and never after it', () => {
    live(5);
    open(B);
    received(A, message(6), message(7));
    expect(delivered()).toEqual([6, 7]);
    received(B, message(6));
    received(A, message(8));
    expect(effects).toEqual([]);
    received(B, message(7), message(8), subscribed(8), message(9));
    expect(delivered()).toEqual([8, 9]);
  });

  it.each([
    ['subscribed', subscribed(5)],
    ['reset', reset(5)],
  ])('the first frame may be %s', (_, first) => {
    live(5);
    open(B);
    received(B, first);
    received(A, message(6), { type: 'error', code: 'forbidden', message: '', stream });
    expect(effects).toEqual([]);
  });

  it('each stream changes over on its own', () => {
    live(5);
    subscriptions.add('tenant', at(1));
    received(A, { ...subscribed(1), stream: 'tenant' });
    open(B);
    received(B, subscribed(5));
    received(A, { ...message(2), stream: 'tenant' });
    expect(delivered()).toEqual([2]);
  });

  it('a gap on the old connection is left to the replay of the new one', () => {
    live(5);
    open(B);
    received(A, message(9));
    expect(asked()).toEqual([]);
  });

  it('a subscribe that the old one has not answered is dropped with it', () => {
    live(5);
    received(A, message(9));
    expect(asked()).toHaveLength(1);
    open(B);
    received(B, message(6));
    received(A, reset(30, 'n'), subscribed(30, 'n'));
    expect(effects).toEqual([]);
    expect(subscriptions.position(stream)).toEqual(at(6));
  });

  it('if the answer of the new one ends before what the old one has delivered meanwhile, it asks again', () => {
    live(5);
    subscriptions.hello(B);
    received(A, message(6), message(7));
    subscriptions.welcomed(B);
    received(B, message(6), subscribed(6));
    expect(asked()).toEqual([{ type: 'subscribe', connection: B, stream, position: at(7) }]);
  });

  it('what was subscribed and closed since the hello is sent to the new connection', () => {
    live(5);
    subscriptions.hello(B);
    subscriptions.add('tenant', null);
    subscriptions.remove(stream);
    expect(subscriptions.welcomed(B)).toEqual([
      { type: 'unsubscribe', connection: B, stream },
      { type: 'subscribe', connection: B, stream: 'tenant', position: null },
    ]);
    received(B, message(6));
    expect(effects).toEqual([]);
  });

  it('if the new one is lost before its first frame, the old one still counts', () => {
    live(5);
    open(B);
    subscriptions.gone(B);
    received(A, message(6));
    expect(delivered()).toEqual([6]);
    expect(subscriptions.hello(C)).toEqual({ [stream]: at(6) });
  });

  it('an attempt that failed leaves everything as it was', () => {
    live(5);
    subscriptions.hello(B);
    subscriptions.gone(B);
    received(A, message(7));
    expect(asked()).toEqual([{ type: 'subscribe', connection: A, stream, position: at(5) }]);
  });
});

describe('unsubscribe', () => {
  it('ends the stream at once, and it can be subscribed again after its answer', () => {
    live(5);
    expect(subscriptions.remove(stream)).toEqual([{ type: 'unsubscribe', connection: A, stream }]);
    expect(subscriptions.add(stream, null)).toEqual([]);
    received(A, message(6), subscribed(6));
    expect(effects).toEqual([]);
    received(A, { type: 'unsubscribed', stream });
    expect(asked()).toEqual([{ type: 'subscribe', connection: A, stream, position: null }]);
    received(A, subscribed(9));
    expect(subscriptions.position(stream)).toEqual(at(9));
  });
});
