/** Who wants to read. */
export interface Reader {
  /** False: nobody waits for the answer any more. */
  readonly wanted: boolean;
  /** Its turn has come. */
  began(): void;
}

interface Waiting {
  readonly reader: Reader;
  readonly go: () => void;
  readonly drop: (error: Error) => void;
}

/** A bound on reads under way: the rest wait in the order in which they came. */
export class ReadSlots {
  private readonly waiting: Waiting[] = [];
  /** Why the last read failed; null when it didn't. */
  trouble: unknown = null;

  constructor(private free: number) {}

  /** Rejects without having worked if it isn't wanted any more when its turn comes. */
  async run<T>(reader: Reader, work: () => Promise<T>): Promise<T> {
    if (this.free > 0) this.free -= 1;
    else await new Promise<void>((go, drop) => this.waiting.push({ reader, go, drop }));
    reader.began();
    try {
      const result = await work();
      this.trouble = null;
      return result;
    } catch (error) {
      this.trouble = error;
      throw error;
    } finally {
      this.passOn();
    }
  }

  private passOn(): void {
    for (let next = this.waiting.shift(); next; next = this.waiting.shift()) {
      if (next.reader.wanted) {
        next.go();
        return;
      }
      next.drop(new Error('nobody waits for this read any more'));
    }
    this.free += 1;
  }
}
