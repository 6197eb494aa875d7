import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { readPage, repository, type Page } from './pages.js';

/** Without blocks and pieces of code, in which brackets mean other things. */
function prose(markdown: string): string {
  return markdown
    .replaceAll(/^( *)(```+)[^]*?^ *\2\s*$/gm, '')
    .replaceAll(/`[^`\n]*`/g, (code) => code.replaceAll(/[[\]()#]/g, '.'));
}

/** As GitHub makes the anchor of a heading: lower case, no punctuation, hyphens for spaces, a number for a repeated one. */
export function anchorsOf(markdown: string): ReadonlySet<string> {
  const text = markdown.replaceAll(/^( *)(```+)[^]*?^ *\2\s*$/gm, '');
  const seen = new Map<string, number>();
  const anchors = Array.from(text.matchAll(/^#{1,6} +(.*?) *$/gm), ([, heading = '']) => {
    const words = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const anchor = words.replaceAll(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(' ', '-');
    const times = seen.get(anchor) ?? 0;
    seen.set(anchor, times + 1);
    return times === 0 ? anchor : `${anchor}-${times}`;
  });
  return new Set(anchors);
}

/** Targets of links and pictures, apart from those that lead out of the repository. */
export function relativeLinks(markdown: string): readonly string[] {
  const targets = Array.from(prose(markdown).matchAll(/\]\(([^)\s]+)(?: "[^"]*")?\)/g), ([, target = '']) => target);
  return targets.filter((target) => !/^[a-z]+:/.test(target));
}

/** The links of a page that lead nowhere, each with what is wrong. */
export function brokenLinks({ path, text }: Page): readonly string[] {
  return relativeLinks(text).flatMap((target) => {
    const [file = '', anchor] = target.split('#');
    const to = file === '' ? path : normalize(join(dirname(path), file));
    if (to.startsWith('..') || (to !== path && !existsSync(join(repository, to))))
      return [`${path}: there is no ${target}`];
    if (anchor === undefined) return [];
    return anchorsOf(to === path ? text : readPage(to).text).has(anchor)
      ? []
      : [`${path}: ${to} has no heading for #${anchor}`];
  });
}
