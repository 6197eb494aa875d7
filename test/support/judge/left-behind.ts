import type { Check } from './violation.js';

const share = 0.05;
/** A descriptor more or less is a lookup under way. */
const slack = 2;

/** What clients had taken is given back when all have left: within 5 %, or two; all of it where there was nothing before. */
export const nothingIsLeftBehind: Check = ({ leftovers }) =>
  leftovers
    .filter(({ before, after }) => !isBack(before, after))
    .map(({ who, what, before, after, atUs }) => {
      const sentence = `${who} had ${before} ${what} before anybody came, and ${after} after all had left`;
      return { broken: 'LEFT BEHIND', who, atUs, sentence } as const;
    });

export const isBack = (before: number, after: number): boolean =>
  after <= before + (before === 0 ? 0 : Math.max(slack, before * share));
