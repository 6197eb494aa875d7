/** What a buffer tells the one who fills it. */
export interface BufferListener<Item> {
  /** The consumer has it. */
  taken(item: Item): void;
  /** It was full, and is half empty again. */
  drained(): void;
  /** The consumer wants no more (`break` in its loop). */
  returned(): void;
}

interface Waiting<Item> {
  readonly resolve: (result: IteratorResult<Item, undefined>) => void;
  readonly reject: (error: Error) => void;
}

/** Between a producer that stops when it is full and one `for await`: in order, and it ends once. */
export class MessageBuffer<Item> implements AsyncIterator<Item, undefined> {
  readonly #items: Item[] = [];
  #waiting: Waiting<Item> | null = null;
  #end: { readonly error: Error | null } | null = null;
  #wasFull = false;

  constructor(
    private readonly capacity: number,
    private readonly listener: BufferListener<Item>,
  ) {}

  /** False once it is full: nothing should follow before `drained`. The item is in it all the same. */
  push(item: Item): boolean {
    if (this.#end !== null) return true;
    if (this.#waiting !== null) {
      this.#waiting.resolve({ value: item, done: false });
      this.#waiting = null;
      this.listener.taken(item);
      return true;
    }
    this.#items.push(item);
    this.#wasFull ||= this.#items.length >= this.capacity;
    return !this.#wasFull;
  }

  /** What is in the buffer is still handed out; then the iteration ends, with the error if there is one. */
  end(error: Error | null): void {
    this.#end ??= { error };
    if (this.#waiting === null) return;
    if (this.#end.error === null) this.#waiting.resolve({ value: undefined, done: true });
    else this.#waiting.reject(this.#end.error);
    this.#waiting = null;
  }

  get empty(): boolean {
    return this.#items.length === 0;
  }

  next(): Promise<IteratorResult<Item, undefined>> {
    const item = this.#items.shift();
    if (item !== undefined) {
      this.listener.taken(item);
      this.#tellIfDrained();
      return Promise.resolve({ value: item, done: false });
    }
    if (this.#end?.error) return Promise.reject(this.#end.error);
    if (this.#end !== null) return Promise.resolve({ value: undefined, done: true });
    if (this.#waiting !== null) return Promise.reject(new TypeError('one `next` at a time'));
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  return(): Promise<IteratorResult<Item, undefined>> {
    this.#items.length = 0;
    this.end(null);
    this.listener.returned();
    return Promise.resolve({ value: undefined, done: true });
  }

  #tellIfDrained(): void {
    if (!this.#wasFull || this.#items.length > this.capacity / 2) return;
    this.#wasFull = false;
    this.listener.drained();
  }
}
