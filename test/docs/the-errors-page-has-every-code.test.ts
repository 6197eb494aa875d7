import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { closeCodeMeanings } from '../../src/protocol/close-code-meanings.js';
import { closeCodes, type CloseName } from '../../src/protocol/close-codes.js';
import { errorCodes } from '../../src/protocol/error-codes.js';
import { readPage, repository } from '../support/docs/pages.js';
import { tableIn } from '../support/docs/tables.js';

const { text: page } = readPage('docs/errors.md');
const read = (path: string): string => readFileSync(join(repository, path), 'utf8');

it('every error code with its status, whether it is temporary, and its meaning', () => {
  const documented = tableIn(page, 'Error codes').map((cells) => cells.slice(0, 3));
  const rows = Object.values(errorCodes).map(({ code, status, temporary, meaning }) => [
    `\`${code}\``,
    temporary ? `${status}, temporary` : String(status),
    meaning,
  ]);
  expect(documented).toEqual(rows);
});

it('every close code with its meaning and what a client does', () => {
  const documented = tableIn(page, 'Close codes').map((cells) => cells.slice(0, 3));
  const names = Object.keys(closeCodes) as readonly CloseName[];
  const rows = names.map((name) => [
    String(closeCodes[name].code),
    closeCodeMeanings[name],
    `\`${closeCodes[name].action}\``,
  ]);
  expect(documented).toEqual(rows);
});

it('a close code is called reserved exactly if no pod sends it', () => {
  const service = readdirSync(join(repository, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !/^(protocol|client)\//.test(name))
    .map((name) => read(`src/${name}`))
    .join('\n');
  const names = Object.keys(closeCodes) as readonly CloseName[];
  // The library answers broken frames itself, and nobody sends 1001 and 1006. Nobody asks a connection to rebalance.
  const byOthers: readonly CloseName[] = [
    'goingAway',
    'abnormal',
    'badData',
    'tooManyPieces',
    'tooBig',
    'protocolError',
  ];
  const sent = names.filter(
    (name) => byOthers.includes(name) || (name !== 'rebalanced' && service.includes(`'${name}'`)),
  );
  const reserved = tableIn(page, 'Close codes').filter((cells) => cells[3]?.startsWith('reserved'));
  const unsent = names.filter((name) => !sent.includes(name)).map((name) => String(closeCodes[name].code));
  expect(reserved.map(([code]) => code)).toEqual(unsent);
});

it('every way in which a handshake is refused', () => {
  const source = read('src/connections/upgrade-check.ts');
  const refusals = [...source.matchAll(/status: (\d+), reason: '(\w+)'/g)].map(
    ([, status, reason]) => `${status} \`${reason}\``,
  );
  const documented = tableIn(page, 'Refused handshakes').map(([status, reason]) => `${status} ${reason}`.trim());
  expect(documented.sort()).toEqual([...new Set(refusals)].sort());
});

it("every name of the SDK's own errors", () => {
  const source = read('src/client/client-error.ts');
  const [, union = ''] = /export type ClientErrorName =([^]*?);\n\n/.exec(source) ?? [];
  const names = [...union.matchAll(/\| '([\w-]+)'/g)].map(([, name]) => `\`${name}\``);
  expect(names.length).toBeGreaterThan(5);
  expect(
    tableIn(page, 'Of the SDK')
      .map(([code]) => code)
      .sort(),
  ).toEqual(names.sort());
});

it("every name of the backend's helper", () => {
  const [, union = ''] =
    /export type BackendErrorName =([^]*?);\n\n/.exec(read('src/client/backend/backend-error.ts')) ?? [];
  const [, webhook = ''] = /readonly code: (.*),/.exec(read('src/client/backend/verify-webhook.ts')) ?? [];
  const names = [...`${union}${webhook}`.matchAll(/'([\w-]+)'/g)].map(([, name]) => `\`${name}\``);
  expect(names.length).toBeGreaterThan(5);
  expect(tableIn(page, "Of the backend's helper").map(([code]) => code)).toEqual(names);
});
