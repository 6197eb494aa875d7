/** Rows of whole numbers, appended one after the other: millions of them in one typed array. */
export class GrowingRows {
  #cells: Int32Array;
  #length = 0;

  constructor(readonly width: number) {
    this.#cells = new Int32Array(width * 1_024);
  }

  get length(): number {
    return this.#length;
  }

  push(row: ArrayLike<number>): number {
    const at = this.#length * this.width;
    if (at + this.width > this.#cells.length) {
      const larger = new Int32Array(this.#cells.length * 2);
      larger.set(this.#cells);
      this.#cells = larger;
    }
    this.#cells.set(row, at);
    this.#length += 1;
    return this.#length - 1;
  }

  cell(row: number, column: number): number {
    return this.#cells[row * this.width + column] ?? 0;
  }

  equals(row: number, other: ArrayLike<number>): boolean {
    const at = row * this.width;
    for (let column = 0; column < this.width; column += 1) if (this.#cells[at + column] !== other[column]) return false;
    return true;
  }
}
