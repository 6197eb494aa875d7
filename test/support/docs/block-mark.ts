/** What the comment before a block says about it. */
export interface Mark {
  readonly kind: 'run' | 'tested' | 'shown';
  /** A runner's name, a test's path, or a reason. */
  readonly what: string;
  /** Further settings; a repeated one has several values. */
  readonly settings: ReadonlyMap<string, readonly string[]>;
}

const HEAD = /^(run|tested|shown): *(\S.*)$/;
const SETTING = /^([a-z]+): ?(.*)$/;

/**
 * `kind: what`, then settings, each on a line of its own or, after `run`, behind a semicolon. `null` for a comment that is
 * no mark. Throws for a line of a mark that is no setting.
 */
export function parseMark(comment: string): Mark | null {
  const [first = '', ...lines] = comment.split('\n').map((line) => line.trim());
  const [, kind, rest = ''] = HEAD.exec(first) ?? [];
  if (kind !== 'run' && kind !== 'tested' && kind !== 'shown') return null;
  const [what = '', ...more] = kind === 'run' ? rest.split(/; (?=[a-z]+: )/) : [rest];
  const settings = new Map<string, string[]>();
  for (const line of [...more, ...lines]) {
    const [, key, value = ''] = SETTING.exec(line) ?? [];
    if (key === undefined) throw new Error(`no setting of a block: ${line}`);
    settings.set(key, [...(settings.get(key) ?? []), value]);
  }
  return { kind, what: what.trim(), settings };
}

/** The only value of a setting, or `otherwise`. */
export function setting(mark: Mark, key: string, otherwise = ''): string {
  return mark.settings.get(key)?.join('\n') ?? otherwise;
}

export function settings(mark: Mark, key: string): readonly string[] {
  return mark.settings.get(key) ?? [];
}

/** Throws for a setting that the runner doesn't have, which would be ignored in silence. */
export function allowSettings(mark: Mark, allowed: readonly string[]): void {
  const strange = [...mark.settings.keys()].filter((key) => !allowed.includes(key));
  if (strange.length > 0) throw new Error(`${mark.kind}: ${mark.what} has no setting ${strange.join(', ')}`);
}
