/** One figure of one subject, measured several times. */
export interface Figure {
  readonly subject: string;
  /** What this subject promises with what was measured. */
  readonly guarantee: string;
  readonly values: readonly number[];
  readonly median: number;
  /** More about the median's conditions: medians, too. */
  readonly more: Readonly<Record<string, number>>;
}

export interface CaseResult {
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  /** Which is better: more of it, or less. */
  readonly better: 'more' | 'less';
  /** Baton's first. */
  readonly figures: readonly Figure[];
  /** What Baton should reach; null: nothing was promised. */
  readonly goal: Goal | null;
}

/** `against` null: Baton's figure itself. */
type Goal =
  { readonly against: string; readonly atLeastTimes: number } | { readonly against: null; readonly atMost: number };

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = NaN, high = NaN] = sorted.length % 2 === 1 ? [sorted[middle], sorted[middle]] : sorted.slice(middle - 1);
  return (low + high) / 2;
}

/** How many times better the first is than the other. */
export function timesBetter(result: CaseResult, other: Figure): number {
  const own = result.figures[0]?.median ?? NaN;
  return result.better === 'more' ? own / other.median : other.median / own;
}

export function meetsGoal(result: CaseResult): boolean | null {
  const { goal, figures } = result;
  if (goal === null) return null;
  if (goal.against === null) return (figures[0]?.median ?? NaN) <= goal.atMost;
  const other = figures.find(({ subject }) => subject === goal.against);
  return other !== undefined && timesBetter(result, other) >= goal.atLeastTimes;
}

/** What one repetition brought: the figure, and what else is worth telling. */
export type Sample = Readonly<{ value: number } & Record<string, number>>;

export interface Contender {
  readonly subject: string;
  readonly guarantee: string;
  readonly run: () => Promise<Sample>;
}

/** Everybody once in each repetition, so that a slow minute of the machine is everybody's. */
export async function interleave(repetitions: number, contenders: readonly Contender[]): Promise<readonly Figure[]> {
  const samples = contenders.map((): Sample[] => []);
  for (let repetition = 0; repetition < repetitions; repetition += 1)
    for (const [index, { run }] of contenders.entries()) samples[index]?.push(await run());
  return contenders.map(({ subject, guarantee }, index) => figureOf(subject, guarantee, samples[index] ?? []));
}

export function figureOf(subject: string, guarantee: string, samples: readonly Sample[]): Figure {
  const values = samples.map(({ value }) => value);
  const names = Object.keys(samples[0] ?? {}).filter((name) => name !== 'value');
  const more = Object.fromEntries(names.map((name) => [name, median(samples.map((sample) => sample[name] ?? NaN))]));
  return { subject, guarantee, values, median: median(values), more };
}
