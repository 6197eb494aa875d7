import { describe, expect, it } from '@jest/globals';
import { search } from './engine/search.js';
import { modelOf } from './world/model.js';
import { SCOPES } from './scopes.js';
import { tell } from './tell.js';

const MAX_STATES = 5_000_000;

describe('from every state that faults can lead to', () => {
  it.each(SCOPES)('nothing is lost, repeated or reordered in silence, and everybody comes back: $name', (scope) => {
    const outcome = search(modelOf(scope), { maxStates: MAX_STATES });
    tell(scope, outcome);
    expect(outcome.counterexample).toBeNull();
    expect(outcome.exhaustive).toBe(true);
  });
});
