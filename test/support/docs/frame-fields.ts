import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from './pages.js';

/** Fields by frame type, `?` after optional ones, as the interfaces of frames.ts have them; without `type`. */
export function frameFields(union: 'ClientFrame' | 'ServerFrame'): ReadonlyMap<string, readonly string[]> {
  const source = readFileSync(join(repository, 'src/protocol/frames.ts'), 'utf8');
  const members = new RegExp(`export type ${union} =([^;]+);`).exec(source)?.[1]?.match(/\w+Frame/g) ?? [];
  return new Map(
    members.map((name) => {
      const body = new RegExp(`export interface ${name} \\{\\n([\\s\\S]*?)\\n\\}`).exec(source)?.[1] ?? '';
      const type = /type: '(\w+)'/.exec(body)?.[1] ?? name;
      const fields = [...body.matchAll(/^ {2}readonly (\w+\??):/gm)].map(([, field = '']) => field);
      return [type, fields.filter((field) => field !== 'type').sort()];
    }),
  );
}
