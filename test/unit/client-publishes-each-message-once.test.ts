import { beforeEach, describe, expect, it } from '@jest/globals';
import * as publishState from '../../src/client/publish-state.js';
import type { PublishChange, PublishEffect, PublishState } from '../../src/client/publish-state.js';
import { Publishing } from '../../src/client/publishing.js';
import { addRange, without } from '../../src/client/sequence-ranges.js';
import type { AckFrame, ErrorFrame, GapFrame, Jump, RefusedFrame } from '../../src/protocol/frames.js';

const stream = 'channel:a';

/** One publisher's sequence on one stream. */
class Queue {
  #state: PublishState<string> = publishState.initialPublishing(stream, null);

  publish = (data: string | null, ticket: string | null) => this.#keep(publishState.publish(this.#state, data, ticket));
  connected = (connection: number) => this.#keep(publishState.connected(this.#state, connection));
  disconnected = () => this.#keep([publishState.disconnected(this.#state), []]);
  ack = (frame: AckFrame) => this.#keep(publishState.onAck(this.#state, frame));
  refused = (frame: RefusedFrame) => this.#keep(publishState.onRefused(this.#state, frame));
  gap = (frame: GapFrame) => this.#keep(publishState.onGap(this.#state, frame));
  error = (frame: ErrorFrame) => this.#keep(publishState.onError(this.#state, frame));
  probe = () => this.#keep(publishState.onProbe(this.#state));
  retryDue = () => this.#keep(publishState.onRetryDue(this.#state));

  #keep([state, effects]: PublishChange<string>): readonly PublishEffect<string>[] {
    this.#state = state;
    return effects;
  }
}

let queue: Queue;
let effects: readonly PublishEffect<string>[];

const publish = (...names: readonly string[]) => {
  effects = names.flatMap((name) => queue.publish(`"${name}"`, name));
};
const ack = (seq: number, from?: number, jumps?: readonly Jump[]) => {
  effects = queue.ack({ type: 'ack', stream, seq, ...(from ? { from } : {}), ...(jumps ? { jumps } : {}) });
};
const gap = (seq: number, last: number) => {
  effects = queue.gap({ type: 'gap', stream, seq, last });
};
const error = (seq: number, retryAfterMs?: number) => {
  effects = queue.error({
    type: 'error',
    code: 'late',
    message: 'late',
    stream,
    seq,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
};
/** What was sent, as `seq>after`, with `m` for a mark. */
const sent = () =>
  effects.flatMap((effect) =>
    effect.type === 'send' ? [`${effect.seq}>${effect.after}${effect.data === null ? 'm' : ''}`] : [],
  );
const settled = () => effects.flatMap((effect) => (effect.type === 'settled' && effect.ticket ? [effect.ticket] : []));
const lost = () => effects.flatMap((effect) => (effect.type === 'lost' ? effect.ranges : []));
const welcomed = (connection = 1) => {
  effects = queue.connected(connection);
};

beforeEach(() => {
  queue = new Queue();
  effects = [];
});

describe('a publisher', () => {
  it('numbers from 1, each after the one before; sends nothing before welcome, and then everything in order', () => {
    publish('a', 'b');
    expect(sent()).toEqual([]);
    welcomed();
    expect(sent()).toEqual(['1>0', '2>1']);
    publish('c');
    expect(sent()).toEqual(['3>2']);
  });

  it('settles one, or a range without what was refused', () => {
    welcomed();
    publish('a', 'b', 'c', 'd');
    effects = queue.refused({ type: 'refused', stream, seq: 2, code: 'forbidden' });
    expect(effects).toMatchObject([{ type: 'rejected', ticket: 'b', code: 'forbidden' }]);
    ack(3, 1);
    expect(settled()).toEqual(['a', 'c']);
    ack(3, 1);
    expect(effects).toEqual([]);
  });

  it('sends what is unsettled again at each welcome, unchanged', () => {
    welcomed();
    publish('a', 'b', 'c');
    ack(1);
    queue.disconnected();
    publish('d');
    expect(sent()).toEqual([]);
    welcomed(2);
    expect(sent()).toEqual(['2>1', '3>2', '4>3']);
  });
});

describe('gap', () => {
  beforeEach(() => {
    welcomed();
    publish('a', 'b', 'c', 'd');
    ack(2, 1);
  });

  it('on the first unsettled, with another last: Redis lost acknowledged messages; it and what follows is sent again', () => {
    gap(3, 0);
    expect(sent()).toEqual(['3>0', '4>3']);
    ack(3, undefined, [[0, 3]]);
    expect(lost()).toEqual([[1, 2]]);
    expect(settled()).toEqual(['c']);
  });

  it('nothing is reported unless the answer has the jump: the first copy may have been accepted', () => {
    gap(3, 0);
    ack(4, 3);
    expect(lost()).toEqual([]);
  });

  it('the loss is told before the publish is settled', () => {
    gap(3, 0);
    ack(3, undefined, [[0, 3]]);
    expect(effects.map(({ type }) => type)).toEqual(['lost', 'settled']);
  });

  it.each([
    ['of a later one of the pipeline', 4, 0],
    ['with the last that it named itself', 3, 2],
    ['of a settled one', 2, 0],
  ])('%s is ignored', (_, seq, last) => {
    gap(seq, last);
    expect(effects).toEqual([]);
  });

  it('a second one for the same sending is ignored', () => {
    gap(3, 0);
    gap(3, 0);
    expect(effects).toEqual([]);
  });

  it('a loss is reported once, without marks and refused ones', () => {
    gap(3, 1);
    effects = queue.refused({ type: 'refused', stream, seq: 3, code: 'forbidden', jumps: [[1, 3]] });
    expect(lost()).toEqual([[2, 2]]);
    ack(4);
    expect(sent()).toEqual(['5>4m']);
    ack(5);
    publish('e');
    gap(6, 0);
    ack(6, undefined, [[0, 6]]);
    expect(lost()).toEqual([
      [1, 1],
      [4, 4],
    ]);
  });
});

describe('a temporary error', () => {
  beforeEach(() => {
    welcomed();
    publish('a', 'b', 'c');
  });

  it('starts one timer, and then everything from that one is sent again; nothing is sent meanwhile', () => {
    error(2, 100);
    expect(effects).toEqual([{ type: 'wait', stream, atLeastMs: 100, failures: 0 }]);
    gap(3, 1);
    publish('d');
    error(3, 100);
    expect(effects).toEqual([]);
    ack(1);
    effects = queue.retryDue();
    expect(sent()).toEqual(['2>1', '3>2', '4>3']);
    error(2, 100);
    expect(effects).toMatchObject([{ type: 'wait', failures: 0 }]);
    effects = queue.retryDue();
    error(2, 100);
    expect(effects).toMatchObject([{ type: 'wait', failures: 1 }]);
  });

  it('its timer means nothing after a welcome has sent everything', () => {
    error(1, 100);
    welcomed(2);
    expect(sent()).toHaveLength(3);
    expect(queue.retryDue()).toEqual([]);
  });
});

it('a final error is told, and leaves a mark with the same number, so that the others go on', () => {
  welcomed();
  publish('a', 'b');
  error(1);
  expect(effects).toMatchObject([{ type: 'rejected', ticket: 'a', code: 'late' }, { type: 'wait' }]);
  effects = queue.retryDue();
  expect(sent()).toEqual(['1>0m', '2>1']);
});

describe('a mark', () => {
  it('is sent after each welcome and probe as soon as nothing is unsettled, and once', () => {
    welcomed();
    publish('a');
    ack(1);
    expect(sent()).toEqual(['2>1m']);
    ack(2);
    expect(sent()).toEqual([]);
    effects = queue.probe();
    expect(sent()).toEqual(['3>2m']);
    effects = queue.probe();
    expect(sent()).toEqual([]);
    ack(3);
    expect(sent()).toEqual(['4>3m']);
    ack(4);
    welcomed(2);
    expect(sent()).toEqual(['5>4m']);
  });

  it('is not sent where nothing was ever acknowledged', () => {
    welcomed();
    expect(queue.probe()).toEqual([]);
  });

  it('finds a loss although nothing more is published', () => {
    welcomed();
    publish('a', 'b');
    ack(2, 1);
    expect(sent()).toEqual(['3>2m']);
    ack(3);
    effects = queue.probe();
    gap(4, 1);
    ack(4, undefined, [[1, 4]]);
    expect(lost()).toEqual([[2, 2]]);
  });
});

it('from a welcome on, answers of the old connection are ignored', () => {
  const publishing = new Publishing<string>();
  publishing.welcomed(1);
  publishing.publish(stream, '"a"', 'a');
  publishing.welcomed(2);
  expect(publishing.answer(1, { type: 'ack', stream, seq: 1 })).toEqual([]);
  expect(publishing.answer(1, { type: 'gap', stream, seq: 1, last: 5 })).toEqual([]);
  expect(publishing.answer(2, { type: 'ack', stream, seq: 1 })).toMatchObject([{ type: 'settled', ticket: 'a' }, {}]);
});

it('a publisher that ends leaves what was never answered, and says what was ever sent', () => {
  const publishing = new Publishing<string>();
  publishing.welcomed(1);
  publishing.publish(stream, '"a"', 'a');
  publishing.gone(1);
  publishing.publish(stream, '"b"', 'b');
  expect([publishing.unsettled, publishing.unsettledLength]).toEqual([2, 6]);
  expect(publishing.abandon()).toMatchObject([
    { ticket: 'a', sent: true },
    { ticket: 'b', sent: false },
  ]);
  expect(publishing.unsettled).toBe(0);
});

it('ranges of sequences merge, and what is left of a range is what none of them has', () => {
  const ranges = [
    [5, 5],
    [1, 2],
    [6, 8],
    [3, 3],
  ].reduce<readonly (readonly [number, number])[]>((all, [from = 0, to = 0]) => addRange(all, [from, to]), []);
  expect(ranges).toEqual([
    [1, 3],
    [5, 8],
  ]);
  expect(without([2, 10], ranges)).toEqual([
    [4, 4],
    [9, 10],
  ]);
  expect(without([1, 3], ranges)).toEqual([]);
  expect(without([1, 3], [])).toEqual([[1, 3]]);
});
