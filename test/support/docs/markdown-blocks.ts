/** A block of code in a page. */
export interface Block {
  /** Of the fence (or of an indented block's first line), from 1. */
  readonly line: number;
  /** Of a fence, as it is written; empty for none and for indented blocks. */
  readonly language: string;
  /** Without the indentation of the fence. */
  readonly code: string;
  /** The text of the comment directly before it, if there is one. */
  readonly comment: string | null;
  readonly fenced: boolean;
}

const FENCE = /^( *)(```+)\s*(\S*)\s*$/;
const LIST_ITEM = /^ *(?:[-*+]|\d+\.) /;

/** The blocks of code of a page, in order. Throws for a fence that isn't closed. */
export function blocksOf(markdown: string): readonly Block[] {
  const reader = new BlockReader(markdown.split('\n'));
  return reader.read();
}

class BlockReader {
  private readonly blocks: Block[] = [];
  private comment: string | null = null;
  private inList = false;
  private afterBlank = true;
  private at = 0;

  constructor(private readonly lines: readonly string[]) {}

  read(): readonly Block[] {
    while (this.at < this.lines.length) this.step(this.lines[this.at] ?? '');
    return this.blocks;
  }

  private step(line: string): void {
    const fence = FENCE.exec(line);
    if (fence) this.fenced(fence[1] ?? '', fence[2] ?? '', fence[3] ?? '');
    else if (line.startsWith('<!--')) this.readComment();
    else if (/^ {4,}\S/.test(line) && this.afterBlank && !this.inList) this.indented();
    else this.prose(line);
  }

  private prose(line: string): void {
    this.afterBlank = line.trim() === '';
    if (!this.afterBlank) {
      this.comment = null;
      if (LIST_ITEM.test(line)) this.inList = true;
      else if (!line.startsWith(' ')) this.inList = false;
    }
    this.at += 1;
  }

  private fenced(indent: string, ticks: string, language: string): void {
    const line = this.at + 1;
    const end = this.lines.findIndex((text, index) => index > this.at && text.trim() === ticks);
    if (end < 0) throw new Error(`the fence of line ${line} is never closed`);
    const code = this.lines
      .slice(this.at + 1, end)
      .map((text) => (text.startsWith(indent) ? text.slice(indent.length) : text));
    this.add({ line, language, code: code.join('\n'), fenced: true });
    this.at = end + 1;
  }

  private indented(): void {
    const line = this.at + 1;
    const code: string[] = [];
    for (
      let text = this.lines[this.at];
      text !== undefined && /^(?: {4}.*|\s*)$/.test(text);
      text = this.lines[this.at]
    ) {
      code.push(text.slice(4));
      this.at += 1;
    }
    this.add({ line, language: '', code: code.join('\n').trimEnd(), fenced: false });
  }

  private add(block: Omit<Block, 'comment'>): void {
    this.blocks.push({ ...block, comment: this.comment });
    this.comment = null;
    this.afterBlank = true;
  }

  private readComment(): void {
    const end = this.lines.findIndex((text, index) => index >= this.at && text.includes('-->'));
    if (end < 0) throw new Error(`the comment of line ${this.at + 1} is never closed`);
    const text = this.lines.slice(this.at, end + 1).join('\n');
    this.comment = text
      .replace(/^<!--/, '')
      .replace(/-->.*$/s, '')
      .trim();
    this.at = end + 1;
    this.afterBlank = true;
  }
}
