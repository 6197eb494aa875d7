import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';

export interface PageFile {
  readonly content: string;
  readonly headers: Readonly<Record<string, string>>;
}

const directory = join(import.meta.dirname, 'page');
const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** The page's files, as they were when they were read. */
export class PageFiles {
  private constructor(private readonly files: ReadonlyMap<string, PageFile>) {}

  /** @param sdk served as `/baton.js`. @param batonUrl the only place besides this one that the page may connect to */
  static async read(sdk: string, batonUrl: string): Promise<PageFiles> {
    const policy = [
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'",
      "frame-ancestors 'none'; require-trusted-types-for 'script'",
      `connect-src 'self' ${new URL(batonUrl).origin}`,
    ].join('; ');
    const headers = {
      'content-security-policy': policy,
      'cache-control': 'no-cache',
      'x-content-type-options': 'nosniff',
    };
    const names = (await readdir(directory)).filter((name) => extname(name) in types);
    const read = async (name: string) => [`/${name}`, await readFile(join(directory, name), 'utf8')] as const;
    const contents = new Map([...(await Promise.all(names.map(read))), ['/baton.js', sdk] as const]);
    const files = [...contents].map(([path, content]) => {
      const type = types[extname(path)] ?? 'text/plain';
      return [path, { content, headers: { ...headers, 'content-type': type } }] as const;
    });
    return new PageFiles(new Map(files));
  }

  get(path: string): PageFile | undefined {
    return this.files.get(path === '/' ? '/index.html' : path);
  }
}
