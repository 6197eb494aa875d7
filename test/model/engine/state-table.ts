import { GrowingRows } from './growing-rows.js';

/** Parts of a state, each a JSON-able value that is never changed. */
export type Parts = Readonly<Record<string, unknown>>;

/**
 * The states that were met, exactly: each part is kept once and has a number, a state is the row of its parts' numbers.
 * Millions of states share some thousands of parts.
 */
export class StateTable<State extends Parts> {
  readonly #names: readonly (keyof State & string)[];
  readonly #numbers: Map<string, number>[];
  readonly #values: unknown[][];
  readonly #known: WeakMap<object, number>[];
  readonly #rows: GrowingRows;
  readonly #row: Int32Array;
  /** Row numbers + 1, 0 for a free slot. */
  #slots = new Int32Array(1 << 16);

  constructor(example: State) {
    this.#names = Object.keys(example);
    this.#numbers = this.#names.map(() => new Map<string, number>());
    this.#values = this.#names.map(() => []);
    this.#known = this.#names.map(() => new WeakMap());
    this.#rows = new GrowingRows(this.#names.length);
    this.#row = new Int32Array(this.#names.length);
  }

  get size(): number {
    return this.#rows.length;
  }

  /** The state's number, and whether it is new. */
  add(state: State): readonly [index: number, isNew: boolean] {
    this.#names.forEach((name, column) => {
      this.#row[column] = this.#numberOf(column, state[name]);
    });
    let slot = this.#firstSlot();
    for (let found = this.#slots[slot]; found; found = this.#slots[slot]) {
      if (this.#rows.equals(found - 1, this.#row)) return [found - 1, false];
      slot = (slot + 1) & (this.#slots.length - 1);
    }
    const index = this.#rows.push(this.#row);
    this.#slots[slot] = index + 1;
    if (this.#rows.length * 2 > this.#slots.length) this.#grow();
    return [index, true];
  }

  get(index: number): State {
    const state: Record<string, unknown> = {};
    this.#names.forEach((name, column) => {
      state[name] = this.#values[column]?.[this.#rows.cell(index, column)];
    });
    return state as State;
  }

  #numberOf(column: number, value: unknown): number {
    const known = this.#known[column];
    const isObject = typeof value === 'object' && value !== null;
    const remembered = isObject ? known?.get(value) : undefined;
    if (remembered !== undefined) return remembered;
    const text = JSON.stringify(value);
    const numbers = this.#numbers[column];
    let number = numbers?.get(text);
    if (number === undefined) {
      number = this.#values[column]?.push(value) ?? 0;
      number -= 1;
      numbers?.set(text, number);
      if (isObject) known?.set(value, number);
    }
    return number;
  }

  #firstSlot(): number {
    let hash = 0x811c9dc5;
    for (const cell of this.#row) {
      hash = Math.imul(hash ^ cell, 0x01000193);
      hash ^= hash >>> 15;
    }
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    return (hash ^ (hash >>> 13)) & (this.#slots.length - 1);
  }

  #grow(): void {
    this.#slots = new Int32Array(this.#slots.length * 2);
    for (let index = 0; index < this.#rows.length; index += 1) {
      for (let column = 0; column < this.#row.length; column += 1) this.#row[column] = this.#rows.cell(index, column);
      let slot = this.#firstSlot();
      while (this.#slots[slot]) slot = (slot + 1) & (this.#slots.length - 1);
      this.#slots[slot] = index + 1;
    }
  }
}
