import { readFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import { closeCodeMeanings } from '../../src/protocol/close-code-meanings.js';
import { closeAction, closeCodes, type CloseName } from '../../src/protocol/close-codes.js';
import { errorCodes } from '../../src/protocol/error-codes.js';
import { frameFields } from '../support/docs/frame-fields.js';

const root = new URL('../../', import.meta.url);
const read = (path: string): Promise<string> => readFile(new URL(path, root), 'utf8');

/** The cells of a table's rows below its head, from the section with this title. */
function tableIn(page: string, title: string): readonly (readonly string[])[] {
  const section = page.split(/^## /m).find((text) => text.startsWith(`${title}\n`)) ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('|'));
  return rows.slice(2).map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

/** Fields by frame type, from a table of frames: field names are in backticks; what is in braces belongs to a field. */
function documentedFields(page: string, title: string): ReadonlyMap<string, readonly string[]> {
  return new Map(
    tableIn(page, title).map(([type = '', fields = '']) => {
      const names = [...fields.replace(/\{.*?\}/g, '').matchAll(/`(\w+)`(\??)/g)];
      return [type.replaceAll('`', ''), names.map(([, name = '', optional = '']) => name + optional).sort()];
    }),
  );
}

describe('docs/protocol.md', () => {
  it('has every close code with its meaning and action, and no other', async () => {
    const documented = tableIn(await read('docs/protocol.md'), 'Close codes');
    const rows = Object.entries(closeCodes).map(([name, { code, action }]) => [
      String(code),
      closeCodeMeanings[name as CloseName],
      `\`${action}\``,
    ]);
    expect(documented.slice(0, -2)).toEqual(rows);
    expect(documented.slice(-2)).toEqual([
      ['other, below 4500', 'lost', `\`${closeAction(4499)}\``],
      ['other, from 4500 on', 'a newer service says no', `\`${closeAction(4999)}\``],
    ]);
  });

  it('has every error code with its status, whether it is temporary, and its meaning', async () => {
    const documented = tableIn(await read('docs/protocol.md'), 'Error codes');
    const rows = Object.values(errorCodes).map(({ code, status, temporary, meaning }) => [
      `\`${code}\``,
      String(status),
      temporary ? 'temporary' : '',
      meaning,
    ]);
    expect(documented).toEqual(rows);
  });

  it('has every frame type with its fields', async () => {
    const page = await read('docs/protocol.md');
    const [fromClient, fromService] = [frameFields('ClientFrame'), frameFields('ServerFrame')];
    expect(fromClient.size).toBeGreaterThan(5);
    expect(fromService.size).toBeGreaterThan(10);
    expect(documentedFields(page, 'From the client')).toEqual(fromClient);
    expect(documentedFields(page, 'From the service')).toEqual(fromService);
  });
});

it('docs/client-spec.md says what a client does for every action of a close code', async () => {
  const page = await read('docs/client-spec.md');
  const section = page.slice(page.indexOf('### Closes'), page.indexOf('## 2.'));
  const named = section
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/`([\w-]+)`/g)].map(([, action]) => action))
    .filter((action) => action !== 'bye');
  expect(new Set(named)).toEqual(new Set(Object.values(closeCodes).map(({ action }) => action)));
});
