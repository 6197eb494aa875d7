/** Bytes that may be held at a time; what is taken of one that is part of another is taken of both, or of neither. */
export class ByteBudget {
  private used = 0;

  constructor(
    private readonly limit: number,
    private readonly whole: ByteBudget | null = null,
  ) {}

  /** False: there is no room, and nothing was taken. */
  take(bytes: number): boolean {
    if (this.used + bytes > this.limit || this.whole?.take(bytes) === false) return false;
    this.used += bytes;
    return true;
  }

  giveBack(bytes: number): void {
    this.used -= bytes;
    this.whole?.giveBack(bytes);
  }
}
