import { describe, expect, it } from '@jest/globals';
import { search } from './engine/search.js';
import { modelOf } from './world/model.js';
import { SCOPES, WIDE_SCOPES } from './scopes.js';
import { tell } from './tell.js';

const isWide = process.env.BATON_MODEL === 'wide';
const scopes = isWide ? WIDE_SCOPES : SCOPES;
const MAX_STATES = isWide ? 50_000_000 : 5_000_000;
let states = 0;

describe('from every state that faults can lead to', () => {
  it.each(scopes)('nothing is lost, repeated or reordered in silence, and everybody comes back: $name', (scope) => {
    const outcome = search(modelOf(scope), { maxStates: MAX_STATES });
    tell(scope, outcome);
    states += outcome.states;
    expect(outcome.counterexample).toBeNull();
    expect(outcome.exhaustive).toBe(true);
  });

  it('and those were more than a million', () => {
    expect(states).toBeGreaterThanOrEqual(1_000_000);
  });
});
