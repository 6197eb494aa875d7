import { closeSync, openSync, writeSync } from 'node:fs';
import { nowUs, type Happening } from '../judge/records.js';

const flushEveryMs = 100;

/** Where somebody writes down what happens. */
export interface Notes {
  /** The clock of the records. */
  readonly nowUs: () => number;
  note(who: string, happening: Happening): void;
}

/** What happens to the clients of one process, as lines of a file that are at most 100 ms late. */
export class RecordLog implements Notes {
  readonly nowUs = nowUs;
  private readonly file: number;
  private readonly timer: NodeJS.Timeout;
  private lines: string[] = [];

  constructor(path: string) {
    this.file = openSync(path, 'w');
    this.timer = setInterval(() => {
      this.flush();
    }, flushEveryMs);
  }

  note(who: string, happening: Happening): void {
    this.lines.push(JSON.stringify({ atUs: nowUs(), who, ...happening }));
  }

  close(): void {
    clearInterval(this.timer);
    this.flush();
    closeSync(this.file);
  }

  flush(): void {
    if (this.lines.length === 0) return;
    const text = `${this.lines.join('\n')}\n`;
    this.lines = [];
    writeSync(this.file, text);
  }
}
