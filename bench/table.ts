import { meetsGoal, timesBetter, type CaseResult, type Figure } from './measure.js';

const number = (value: number): string => {
  if (value === 0) return '0';
  if (Math.abs(value) >= 1_000) return Math.round(value).toLocaleString('en-GB');
  return String(Number(value.toPrecision(3)));
};

function goalOf({ goal, unit }: CaseResult): string {
  if (goal === null) return '';
  return goal.against === null ? `<= ${number(goal.atMost)} ${unit}` : `>= ${goal.atLeastTimes} x ${goal.against}`;
}

function verdict(result: CaseResult): string {
  const met = meetsGoal(result);
  if (met === null) return '';
  return met ? 'met' : 'not met';
}

function others(result: CaseResult): string {
  return result.figures
    .slice(1)
    .map((figure) => `${figure.subject} ${number(figure.median)} (${number(timesBetter(result, figure))} x)`)
    .join(', ');
}

/** One line a case: Baton's median, the others' and by how many times Baton is better. */
export function markdownTable(results: readonly CaseResult[]): string {
  const rows = results.map((result) => {
    const own = result.figures[0];
    const cells = [
      result.title,
      own ? `${number(own.median)} ${result.unit}` : '',
      others(result),
      goalOf(result),
      verdict(result),
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return [
    '| case | Baton | others (how many times better Baton is) | goal | |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}

const details: readonly (readonly [name: string, heading: string])[] = [
  ['serverUs', 'server CPU, us each'],
  ['p50Ms', 'p50, ms'],
  ['p99Ms', 'p99, ms'],
  ['loadShare', 'load client, part of its core'],
];

/** What stands behind the medians: every repetition's range, CPU and latency. */
export function detailTable(results: readonly CaseResult[]): string {
  const rows = results
    .filter(({ figures }) => figures.some(({ more }) => 'serverUs' in more))
    .flatMap(({ name, figures }) => figures.map((figure) => rowOf(name, figure)));
  const heads = ['case', 'who', 'lowest to highest', ...details.map(([, heading]) => heading)];
  return [`| ${heads.join(' | ')} |`, `|${heads.map(() => ' --- ').join('|')}|`, ...rows].join('\n');
}

function rowOf(name: string, { subject, values, more }: Figure): string {
  const range = `${number(Math.min(...values))} to ${number(Math.max(...values))}`;
  const cells = details.map(([field]) => (more[field] === undefined ? '' : number(more[field])));
  return `| ${[name, subject, range, ...cells].join(' | ')} |`;
}

/** For a terminal: the same columns, aligned. */
export function aligned(table: string): string {
  const rows = table
    .split('\n')
    .filter((line) => !/^\|[\s|-]+$/.test(line))
    .map((line) => line.slice(2, -2).split(' | '));
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').trim().length)));
  return rows.map((row) => row.map((cell, column) => cell.trim().padEnd(widths[column] ?? 0)).join('  ')).join('\n');
}
