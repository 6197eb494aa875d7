/** Between a producer that doesn't wait and one `for await`: bounded, in order, and it ends once. */
export class MessageBuffer<Item> implements AsyncIterator<Item, undefined> {
  readonly #items: Item[] = [];
  #waiting: {
    readonly resolve: (result: IteratorResult<Item, undefined>) => void;
    readonly reject: (error: Error) => void;
  } | null = null;
  #end: { readonly error: Error | null } | null = null;

  constructor(
    private readonly capacity: number,
    private readonly onReturn: () => void,
  ) {}

  /** False if it is full: the item isn't in it. */
  push(item: Item): boolean {
    if (this.#end !== null) return true;
    if (this.#waiting !== null) {
      this.#waiting.resolve({ value: item, done: false });
      this.#waiting = null;
      return true;
    }
    if (this.#items.length >= this.capacity) return false;
    this.#items.push(item);
    return true;
  }

  /** What is in the buffer is still handed out; then the iteration ends, with the error if there is one. */
  end(error: Error | null): void {
    this.#end ??= { error };
    if (this.#waiting === null) return;
    if (this.#end.error === null) this.#waiting.resolve({ value: undefined, done: true });
    else this.#waiting.reject(this.#end.error);
    this.#waiting = null;
  }

  next(): Promise<IteratorResult<Item, undefined>> {
    const item = this.#items.shift();
    if (item !== undefined) return Promise.resolve({ value: item, done: false });
    if (this.#end?.error) return Promise.reject(this.#end.error);
    if (this.#end !== null) return Promise.resolve({ value: undefined, done: true });
    if (this.#waiting !== null) return Promise.reject(new TypeError('one `next` at a time'));
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  /** `break` in a `for await`. */
  return(): Promise<IteratorResult<Item, undefined>> {
    this.#items.length = 0;
    this.end(null);
    this.onReturn();
    return Promise.resolve({ value: undefined, done: true });
  }
}
