/** A line longer than it may be. */
export class LineTooLongError extends Error {
  constructor(readonly mostBytes: number) {
    super(`a line is longer than ${mostBytes} bytes`);
  }
}

/** Bytes to lines, whatever the parts that they come in; keeps at most one unfinished line, of at most `mostBytes`. */
export class LineSplitter {
  private rest: Buffer = Buffer.alloc(0);

  constructor(private readonly mostBytes: number) {}

  /** The lines that end in this part. Throws LineTooLongError. */
  push(part: Buffer): readonly string[] {
    const all = this.rest.length === 0 ? part : Buffer.concat([this.rest, part]);
    const end = all.lastIndexOf(0x0a);
    this.rest = all.subarray(end + 1);
    if (this.rest.length > this.mostBytes) throw new LineTooLongError(this.mostBytes);
    if (end < 0) return [];
    return all
      .subarray(0, end)
      .toString('utf8')
      .split('\n')
      .filter((line) => line !== '');
  }
}
