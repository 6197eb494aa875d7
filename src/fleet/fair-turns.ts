/**
 * Takes turns by weight, as evenly as whole turns can be: a weight of 0.25 is every fourth turn, not one in four on average
 * (smooth weighted round robin). `start`, in 0..1, is where in the round this taker begins: takers with different starts
 * who share a round hardly ever meet.
 */
export class FairTurns<K> {
  private readonly credit = new Map<K, number>();

  constructor(private readonly start: number) {}

  /** Weights add up to 1. Null without weights. */
  next(weights: ReadonlyMap<K, number>): K | null {
    this.admit([...weights.keys()]);
    let turn: K | null = null;
    let most = -Infinity;
    for (const [key, weight] of weights) {
      const credit = (this.credit.get(key) ?? 0) + weight;
      this.credit.set(key, credit);
      if (credit <= most) continue;
      turn = key;
      most = credit;
    }
    if (turn !== null) this.credit.set(turn, most - 1);
    return turn;
  }

  private admit(keys: readonly K[]): void {
    keys.forEach((key, index) => {
      if (!this.credit.has(key)) this.credit.set(key, (1 + this.start - (index + 0.5) / keys.length) % 1);
    });
  }
}
