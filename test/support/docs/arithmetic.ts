/** A line `a + b = c`, computed. */
export interface Sum {
  readonly text: string;
  readonly computed: number;
  readonly stated: number;
  readonly right: boolean;
}

/**
 * The sums of a block: of each line whose two sides of `=` are made of numbers, `+ - x /`, parentheses and units. Words
 * are taken for units; a line with a word in the place of a number is text.
 */
export function sumsOf(code: string): readonly Sum[] {
  return code.split('\n').flatMap((text) => {
    const [left, right, ...more] = text.split('=');
    if (left === undefined || right === undefined || more.length > 0) return [];
    const computed = compute(left);
    const stated = /^\s*(?:about )?([\d.,]+)/.exec(right)?.[1];
    if (computed === null || stated === undefined) return [];
    const value = Number(stated.replaceAll(',', ''));
    return [{ text: text.trim(), computed, stated: value, right: isRounded(computed, stated, value) }];
  });
}

/** `stated` is `computed` as far as its digits go: 1.4 for 1.3793, and 1,400 for 1,379. */
function isRounded(computed: number, written: string, stated: number): boolean {
  const decimals = /\.(\d+)$/.exec(written)?.[1]?.length ?? 0;
  const zeros = decimals === 0 ? (/0*$/.exec(written.replaceAll(',', ''))?.[0].length ?? 0) : 0;
  const unit = decimals > 0 ? 10 ** -decimals : 10 ** Math.min(zeros, Math.max(0, String(stated).length - 2));
  return Math.abs(computed - stated) <= unit / 2 + 1e-9;
}

/** `null` for what isn't made of numbers. */
function compute(text: string): number | null {
  const tokens = text
    .replaceAll(/(\d),(?=\d{3})/g, '$1')
    .match(/\d+(?:\.\d+)?|[-+/()]|[A-Za-z%µ]+/g)
    ?.map((token) => (token === 'x' ? '*' : token))
    .filter((token) => !/^[A-Za-z%µ]/.test(token));
  return tokens === undefined ? null : new Calculator(tokens).result();
}

class Calculator {
  private at = 0;
  constructor(private readonly tokens: readonly string[]) {}

  result(): number | null {
    const value = this.sum();
    return this.at === this.tokens.length && Number.isFinite(value) ? value : null;
  }

  private sum(): number {
    let value = this.product();
    for (let sign = this.take('+', '-'); sign !== null; sign = this.take('+', '-'))
      value += sign === '+' ? this.product() : -this.product();
    return value;
  }

  private product(): number {
    let value = this.atom();
    for (let sign = this.take('*', '/'); sign !== null; sign = this.take('*', '/'))
      value = sign === '*' ? value * this.atom() : value / this.atom();
    return value;
  }

  private atom(): number {
    if (this.take('(') === null) return Number(this.tokens[this.at++] ?? NaN);
    const value = this.sum();
    return this.take(')') === null ? NaN : value;
  }

  private take(...wanted: readonly string[]): string | null {
    const token = this.tokens[this.at];
    if (token === undefined || !wanted.includes(token)) return null;
    this.at += 1;
    return token;
  }
}
