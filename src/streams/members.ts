/**
 * A set that is small while it has one element at most: there is one stream for every client at least, and most have one
 * member, so that empty sets and sets of one would be the largest part of them.
 */
export class Members<T extends object> {
  private only: T | null = null;
  private many: Set<T> | null = null;

  get size(): number {
    return this.many?.size ?? (this.only === null ? 0 : 1);
  }

  add(member: T): void {
    if (this.many) this.many.add(member);
    else if (this.only === null || this.only === member) this.only = member;
    else {
      this.many = new Set([this.only, member]);
      this.only = null;
    }
  }

  delete(member: T): void {
    if (this.only === member) this.only = null;
    this.many?.delete(member);
    if (this.many?.size === 0) this.many = null;
  }

  /** In the order in which they came; they may go while it runs. */
  [Symbol.iterator](): Iterator<T> {
    if (this.many) return this.many.values();
    return (this.only === null ? [] : [this.only]).values();
  }
}
