import { describe, expect, it } from '@jest/globals';
import { nextToMove, type Candidate } from '../../src/draining/move-order.js';
import { askPerSecond, PaceCredit } from '../../src/draining/pace.js';

const client = (name: string, caughtUp = true) => ({ name, tenant: name.charAt(0), caughtUp });
const names = (turn: { readonly chosen: readonly (Candidate & { readonly name: string })[] }) =>
  turn.chosen.map(({ name }) => name).join(' ');

describe('the order in which clients move', () => {
  const many = ['a1', 'a2', 'a3', 'a4', 'b1', 'c1', 'c2'].map((name) => client(name));

  it('takes one of each tenant in turn', () => {
    expect(names(nextToMove(many, 5, null))).toBe('a1 b1 c1 a2 c2');
  });
  it('goes on behind the tenant whose turn came last', () => {
    const first = nextToMove(many, 2, null);
    expect(first.lastTenant).toBe('b');
    const rest = many.filter((each) => !first.chosen.includes(each));
    expect(names(nextToMove(rest, 3, first.lastTenant))).toBe('c1 a2 c2');
  });
  it('begins again with the first tenant after the last', () => {
    expect(names(nextToMove(many, 2, 'c'))).toBe('a1 b1');
  });
  it('takes those that are caught up first, of whatever tenant', () => {
    const waiting = [client('a1', false), client('b1', false), client('c1'), client('c2')];
    expect(names(nextToMove(waiting, 3, null))).toBe('c1 c2 a1');
  });
  it('takes everybody, and each once, when all may go', () => {
    const all = nextToMove(many, 100, 'b').chosen;
    expect(all).toHaveLength(many.length);
    expect(new Set(all).size).toBe(many.length);
  });
  it('takes nobody when nobody may go', () => {
    expect(nextToMove(many, 0, 'b')).toEqual({ chosen: [], lastTenant: 'b' });
  });
});

describe('the pace of a hand-over', () => {
  it('asks everybody once in a quarter of its time: 10,000 clients in 10 of 40 s', () => {
    expect(askPerSecond(10_000, 0, 40_000)).toBe(1_000);
    expect(askPerSecond(5_000, 5_000, 40_000)).toBe(1_000);
  });
  it('hurries when that quarter is over', () => {
    expect(askPerSecond(100, 20_000, 40_000)).toBe(400);
  });
  it('does not dawdle with a few', () => {
    expect(askPerSecond(3, 0, 40_000)).toBe(20);
  });
  it('keeps fractions of a client for the next tick', () => {
    const credit = new PaceCredit();
    const asked = Array.from({ length: 10 }, () => {
      const now = credit.earn(25, 100);
      credit.spend(now);
      return now;
    });
    expect(asked.reduce((sum, each) => sum + each)).toBe(25);
    expect(Math.max(...asked)).toBe(3);
  });
  it('saves no more than a second, however long the receivers took nobody', () => {
    const credit = new PaceCredit();
    for (let tick = 0; tick < 600; tick += 1) credit.earn(50, 100);
    expect(credit.earn(50, 100)).toBe(50);
  });
});
