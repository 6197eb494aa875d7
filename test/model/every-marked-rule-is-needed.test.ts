import { describe, expect, it } from '@jest/globals';
import { search } from './engine/search.js';
import { KNOCK_OUTS } from './knock-outs.js';
import { modelOf } from './world/model.js';
import { RULES } from './world/rules.js';
import { SCOPES } from './scopes.js';
import { tell } from './tell.js';

const MAX_STATES = 3_000_000;

describe('a rule that is taken out', () => {
  it.each(KNOCK_OUTS.map((knockOut) => ({ ...knockOut, rule: knockOut.without.join(' and ') })))(
    '$rule: a search shows what goes wrong',
    ({ without, scope, breaks }) => {
      const name = `${scope.name}, but ${without.map((rule) => RULES[rule]).join(', and ')}`;
      const outcome = search(modelOf({ ...scope, without }), { maxStates: MAX_STATES });
      tell({ ...scope, name }, outcome);
      if (breaks === null) expect(outcome).toMatchObject({ counterexample: null, exhaustive: true });
      else expect(outcome.counterexample?.promise).toMatch(breaks);
    },
  );

  // Those that are searched as they are anyway are left out here.
  it.each(KNOCK_OUTS.map(({ scope }) => scope).filter((scope) => !SCOPES.includes(scope)))(
    'and with all rules nothing goes wrong in the same bounds: $name',
    (scope) => {
      const outcome = search(modelOf(scope), { maxStates: MAX_STATES });
      tell(scope, outcome);
      expect(outcome).toMatchObject({ counterexample: null, exhaustive: true });
    },
  );

  it('every rule that can be taken out has been', () => {
    const taken = new Set(KNOCK_OUTS.flatMap(({ without }) => without));
    expect(Object.keys(RULES).filter((rule) => !taken.has(rule as keyof typeof RULES))).toEqual([]);
  });
});
