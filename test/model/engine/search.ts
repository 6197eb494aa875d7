import { GrowingRows } from './growing-rows.js';
import { StateTable, type Parts } from './state-table.js';

export interface Step<State> {
  /** One sentence, without its full stop. */
  readonly says: string;
  readonly next: State;
  /** A fault, or news from outside: nobody may have to wait for it. */
  readonly fromOutside: boolean;
}

export interface Model<State extends Parts> {
  readonly initial: State;
  steps(state: State): readonly Step<State>[];
  /** What is wrong with this state, in words; null: nothing. */
  brokenPromise(state: State): string | null;
  /**
   * What somebody lacks who should have it, in words; null: nobody lacks anything. From every state one of these must
   * be within reach without help from outside.
   */
  missing(state: State): string | null;
}

interface Counterexample {
  readonly promise: string;
  readonly story: readonly string[];
}

export interface Outcome {
  readonly states: number;
  readonly steps: number;
  /** Steps from the beginning to the farthest state, by the shortest way. */
  readonly depth: number;
  readonly seconds: number;
  /** Every state within the bounds was visited. */
  readonly exhaustive: boolean;
  readonly counterexample: Counterexample | null;
}

export interface SearchBounds {
  readonly maxStates: number;
}

/** Breadth first, so that the way to a broken promise is a shortest one. Then backwards from the good ends: is anybody stuck? */
export function search<State extends Parts>(model: Model<State>, { maxStates }: SearchBounds): Outcome {
  const startedMs = performance.now();
  const run = new Search(model);
  const broken = run.explore(maxStates);
  const exhaustive = broken === null && run.done;
  const stuck = exhaustive ? run.firstStuck() : null;
  const counterexample = broken ?? (stuck === null ? null : run.stuckAt(stuck));
  const { states, steps, depth } = run;
  const seconds = (performance.now() - startedMs) / 1_000;
  return { states, steps, depth, seconds, exhaustive, counterexample };
}

class Search<State extends Parts> {
  readonly #table: StateTable<State>;
  readonly #parents = new GrowingRows(1);
  /** From and to, of the steps that need nothing from outside. */
  readonly #ownSteps = new GrowingRows(2);
  readonly #well: number[] = [];
  #next = 0;
  steps = 0;
  depth = 0;

  constructor(private readonly model: Model<State>) {
    this.#table = new StateTable(model.initial);
    this.#table.add(model.initial);
    this.#parents.push([-1]);
  }

  get states(): number {
    return this.#table.size;
  }
  get done(): boolean {
    return this.#next === this.#table.size;
  }

  explore(maxStates: number): Counterexample | null {
    let levelEnd = 1;
    while (!this.done && this.#table.size < maxStates) {
      if (this.#next === levelEnd) {
        levelEnd = this.#table.size;
        this.depth += 1;
      }
      const broken = this.#visit(this.#next);
      if (broken !== null) return broken;
      this.#next += 1;
    }
    return null;
  }

  #visit(index: number): Counterexample | null {
    const state = this.#table.get(index);
    const promise = this.model.brokenPromise(state);
    if (promise !== null) return { promise, story: this.storyOf(index) };
    if (this.model.missing(state) === null) this.#well.push(index);
    for (const { next, fromOutside } of this.model.steps(state)) {
      const [to, isNew] = this.#table.add(next);
      if (isNew) this.#parents.push([index]);
      if (!fromOutside && to !== index) this.#ownSteps.push([index, to]);
      this.steps += 1;
    }
    return null;
  }

  /** The story goes on to where the parts come to rest, or go round in circles: there one sees what is missing. */
  stuckAt(index: number): Counterexample {
    const story = [...this.storyOf(index)];
    let state = this.#table.get(index);
    const seen = new Set([index]);
    for (;;) {
      const own = this.model.steps(state).filter(({ fromOutside }) => !fromOutside);
      const next = own.find((step) => !seen.has(this.#table.add(step.next)[0]));
      if (next === undefined) break;
      state = next.next;
      seen.add(this.#table.add(state)[0]);
      story.push(next.says);
    }
    return { promise: `for ever, ${this.model.missing(state) ?? ''}`, story };
  }

  storyOf(index: number): readonly string[] {
    const story: string[] = [];
    for (let at = index; this.#parents.cell(at, 0) >= 0; at = this.#parents.cell(at, 0)) {
      const before = this.#table.get(this.#parents.cell(at, 0));
      const step = this.model.steps(before).find(({ next }) => this.#table.add(next)[0] === at);
      story.unshift(step?.says ?? 'something that cannot be told');
    }
    return story;
  }

  /** The nearest state from which no good end can be reached by own steps alone. */
  firstStuck(): number | null {
    const saved = new Uint8Array(this.#table.size);
    const { first, previous } = this.#incoming();
    const queue = [...this.#well];
    for (const index of queue) saved[index] = 1;
    for (let index = queue.pop(); index !== undefined; index = queue.pop())
      for (let at = first[index] ?? -1; at >= 0; at = previous[at] ?? -1) {
        const from = this.#ownSteps.cell(at, 0);
        if (saved[from] === 1) continue;
        saved[from] = 1;
        queue.push(from);
      }
    const stuck = saved.indexOf(0);
    return stuck < 0 ? null : stuck;
  }

  /** For each state a chain of the steps that lead to it. */
  #incoming(): { readonly first: Int32Array; readonly previous: Int32Array } {
    const first = new Int32Array(this.#table.size).fill(-1);
    const previous = new Int32Array(this.#ownSteps.length);
    for (let at = 0; at < this.#ownSteps.length; at += 1) {
      const to = this.#ownSteps.cell(at, 1);
      previous[at] = first[to] ?? -1;
      first[to] = at;
    }
    return { first, previous };
  }
}
