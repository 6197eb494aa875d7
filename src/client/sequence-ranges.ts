/** A range of sequences, both ends included. */
export type SequenceRange = readonly [from: number, to: number];

/** Past this many the oldest are forgotten: a loss reported for them a second time is the price. */
const MAX_RANGES = 1_024;

/** Adds one range behind, or within reach of the last of, ranges that are sorted and don't touch. */
export function addRange(ranges: readonly SequenceRange[], [from, to]: SequenceRange): readonly SequenceRange[] {
  const apart = ranges.filter(([low, high]) => high < from - 1 || low > to + 1);
  const touching = ranges.filter(([low, high]) => !(high < from - 1 || low > to + 1));
  const merged: SequenceRange = [
    Math.min(from, ...touching.map(([low]) => low)),
    Math.max(to, ...touching.map(([, high]) => high)),
  ];
  return [...apart, merged].sort(([a], [b]) => a - b).slice(-MAX_RANGES);
}

/** What is left of a range without the sequences of `ranges`. */
export function without([from, to]: SequenceRange, ranges: readonly SequenceRange[]): readonly SequenceRange[] {
  const left: SequenceRange[] = [];
  let next = from;
  for (const [low, high] of ranges) {
    if (high < next || low > to) continue;
    if (low > next) left.push([next, low - 1]);
    next = high + 1;
  }
  if (next <= to) left.push([next, to]);
  return left;
}
