import { line, picture, type Scene } from './picture.js';

const plainEveryMs = 3000;

/** Shows scenes: redrawn in place on a terminal, else as a line now and then. */
export class Screen {
  private drawn = 0;
  private lastLineMs = -Infinity;

  constructor(
    private readonly out: NodeJS.WriteStream,
    private readonly clearLines = out.isTTY,
  ) {}

  show(scene: Scene): void {
    if (!this.clearLines) {
      if (scene.elapsedMs - this.lastLineMs < plainEveryMs) return;
      this.lastLineMs = scene.elapsedMs;
      this.out.write(`${line(scene)}\n`);
      return;
    }
    const lines = picture(scene).map((text) => text.slice(0, this.out.columns - 1));
    this.erase();
    this.out.write(`${lines.join('\n')}\n`);
    this.drawn = lines.length;
  }

  /** A line that stays. */
  say(text: string): void {
    this.erase();
    this.out.write(`${text}\n`);
  }

  private erase(): void {
    if (this.drawn > 0) this.out.write(`\x1b[${this.drawn}A\x1b[J`);
    this.drawn = 0;
  }
}
