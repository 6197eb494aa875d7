import { describe, expect, it } from '@jest/globals';
import { closeCodes } from '../../src/protocol/close-codes.js';
import { errorCodes } from '../../src/protocol/error-codes.js';
import {
  batonCommands,
  chartValues,
  environmentVariables,
  logEvents,
  metricNames,
  npmScripts,
} from '../support/docs/known-names.js';
import { allPages, type Page } from '../support/docs/pages.js';

/** What was named once is named so in the history, also when it has gone. */
const pages = allPages().filter(({ path }) => path !== 'CHANGELOG.md');

const withoutComments = (text: string): string => text.replaceAll(/<!--[^]*?-->/g, '');

const named = ({ text }: Page, pattern: RegExp): readonly string[] =>
  Array.from(withoutComments(text).matchAll(pattern), ([, name = '']) => name);

const unknown = (page: Page, pattern: RegExp, known: ReadonlySet<string>): readonly string[] =>
  named(page, pattern).filter((name) => !known.has(name));

/** Variables of the tests themselves, and what a page means all of. */
const otherVariables = /^BATON_(TEST_\w+|MODEL|\w*_|)$/;

describe.each(pages)('$path', (page) => {
  it('names only variables that exist', () => {
    const keys = unknown(page, /\b(BATON_[A-Z_]*)/g, environmentVariables());
    expect(keys.filter((key) => !otherVariables.test(key))).toEqual([]);
  });

  it('names only metrics that exist', () => {
    expect(unknown(page, /\b(baton_[a-z_]+)\b/g, metricNames())).toEqual([]);
  });

  it('names only commands of baton and scripts that exist', () => {
    expect(unknown(page, /`(?:npx )?baton ([a-z][\w-]*)/g, batonCommands())).toEqual([]);
    expect(unknown(page, /\bnpm run (?:-s )?([\w:-]+)/g, npmScripts())).toEqual([]);
  });

  it('names only values of the chart that exist', () => {
    const sections = [...chartValues()].filter((path) => !path.includes('.')).join('|');
    const values = unknown(page, new RegExp(`\`((?:${sections})\\.[A-Za-z.]+)[\`:=]`, 'g'), chartValues());
    expect(values.filter((value) => !logEvents().has(value) && !value.endsWith('.ts'))).toEqual([]);
  });

  it('names only close codes that exist', () => {
    const codes = new Set(Object.values(closeCodes).map(({ code }) => String(code)));
    expect(unknown(page, /\b(?:closed?|code|closes)(?: with)? (4\d{3}|10[01]\d)\b/g, codes)).toEqual([]);
  });
});

/** Rooms and things that log lines begin with; other words with a dot are code. */
const rooms = [...new Set([...logEvents()].filter((name) => name.includes('.')).map((name) => name.split('.')[0]))];

describe.each(pages.filter(({ path }) => /(troubleshooting|redis|errors|operations)\.md$/.test(path)))(
  '$path',
  (page) => {
    it('names only log events that exist', () => {
      const events = unknown(page, new RegExp(`\`((?:${rooms.join('|')})\\.[a-z]+(?:-[a-z]+)*)\``, 'g'), logEvents());
      expect(events.filter((name) => !chartValues().has(name))).toEqual([]);
    });
  },
);

describe('the names that the pages are compared with', () => {
  it('are there', () => {
    expect(environmentVariables().size).toBeGreaterThan(40);
    expect(metricNames()).toContain('baton_append_seconds_bucket');
    expect(logEvents()).toContain('drain.finished');
    expect(batonCommands()).toContain('token');
    expect(npmScripts()).toContain('demo');
    expect(chartValues()).toContain('drain.pacePerReceiver');
    expect(Object.keys(errorCodes)).toContain('busy');
  });
});
