import { seededRandom } from '../seeded-random.js';

/** Draws that are the same for the same seed and place. */
export class Dice {
  private readonly random: () => number;

  constructor(seed: number, ...place: readonly number[]) {
    // Neighbours must not resemble each other: the first number of each is the seed of the next.
    const mixed = place.reduce((before, step) => Math.floor(seededRandom(before + step * 7919)() * 2 ** 31), seed);
    this.random = seededRandom(mixed);
  }

  /** 0..1 */
  readonly chance = (): number => this.random();

  /** A whole number, both ends included. */
  between(least: number, most: number): number {
    return least + Math.floor(this.random() * (most - least + 1));
  }

  /** @throws Error if there is nothing to choose from */
  pick<T>(from: readonly T[]): T {
    const [chosen] = from.slice(Math.floor(this.random() * from.length));
    if (chosen === undefined) throw new Error('there is nothing to choose from');
    return chosen;
  }
}
