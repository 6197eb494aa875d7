import { readFileSync } from 'node:fs';

/** Beside src/ when it runs from the sources, beside dist/ when it runs from the build. */
const places = ['../package.json', '../../package.json'];

/** The version of the package that this file belongs to. */
export function buildVersion(): string {
  for (const place of places) {
    const manifest = read(new URL(place, import.meta.url));
    if (manifest.version !== undefined) return manifest.version;
  }
  return 'unknown';
}

function read(file: URL): { readonly version?: string } {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as { readonly version?: string };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {};
    throw error;
  }
}
