import { describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';

const soon = { withinMs: 60, everyMs: 5 };

describe('eventually', () => {
  it('gives back the first truthy value', async () => {
    let looks = 0;
    const value = await eventually('three looks', () => (++looks >= 3 ? { looks } : undefined), soon);
    expect(value).toEqual({ looks: 3 });
  });

  it('says what it waited for and what it last saw', async () => {
    await expect(eventually('the pods to be empty', () => 0, soon)).rejects.toThrow(
      'waited 60 ms for the pods to be empty; last seen: 0',
    );
  });

  it('says what was last thrown, and keeps it as the cause', async () => {
    const cause = new Error('connection refused');
    const waiting = eventually('an answer', () => Promise.reject(cause), soon);
    await expect(waiting).rejects.toMatchObject({
      message: 'waited 60 ms for an answer; last seen: it threw connection refused',
      cause,
    });
  });

  it('asks for the reason only at the end, when it is known', async () => {
    let seen = 0;
    const waiting = eventually(
      () => `more than ${seen} messages`,
      () => (++seen, false),
      soon,
    );
    await expect(waiting).rejects.toThrow(/for more than [1-9]\d* messages; last seen: false/);
  });

  it('does not wait longer than its deadline for a condition that never settles', async () => {
    const never = new Promise<boolean>(() => undefined);
    await expect(eventually('a sign of life', () => never, soon)).rejects.toThrow(
      'last seen: a condition that did not settle (before that: nothing yet)',
    );
  });
});
