const periodMs = 10;
/** After a pause of the process it catches up by at most this much. */
const longestBurstMs = 200;

/** Does something so many times a second, evenly. */
export class Ticker {
  private timer: NodeJS.Timeout | undefined;
  private lastMs = 0;
  private owed = 0;

  constructor(
    private readonly perSecond: number,
    private readonly act: () => void,
  ) {}

  start(): void {
    if (this.timer !== undefined) return;
    this.lastMs = performance.now();
    this.timer = setInterval(() => {
      this.tick();
    }, periodMs);
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
    this.owed = 0;
  }

  private tick(): void {
    const nowMs = performance.now();
    this.owed += (Math.min(longestBurstMs, nowMs - this.lastMs) / 1000) * this.perSecond;
    this.lastMs = nowMs;
    for (; this.owed >= 1; this.owed -= 1) this.act();
  }
}
