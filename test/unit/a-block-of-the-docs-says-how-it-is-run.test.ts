import { describe, expect, it } from '@jest/globals';
import { sumsOf } from '../support/docs/arithmetic.js';
import { parseMark } from '../support/docs/block-mark.js';
import { markOf, runBlock } from '../support/docs/block-runners.js';
import { compareShapes } from '../support/docs/json-runners.js';
import { type Block, blocksOf } from '../support/docs/markdown-blocks.js';

const noStage = () => Promise.reject(new Error('no block of this test needs a stage'));

/** What the test of the docs would say about a page of these lines: a sentence a block, empty for one that is right. */
async function verdicts(...lines: readonly string[]): Promise<readonly string[]> {
  const judge = async (block: Block): Promise<string> => {
    try {
      await runBlock({
        block,
        mark: markOf(block),
        page: 'docs/some.md',
        stage: noStage,
        chromium: null,
      });
      return '';
    } catch (error) {
      return (error as Error).message;
    }
  };
  return Promise.all(blocksOf(lines.join('\n')).map(judge));
}

const fenced = (mark: string, language: string, ...code: readonly string[]) =>
  verdicts(mark, '', `\`\`\`${language}`, ...code, '```');

describe('a block', () => {
  it('is refused if it is indented, names no language or has no mark', async () => {
    expect(await verdicts('Text:', '', '    npm test')).toEqual([expect.stringContaining('indented')]);
    expect(await verdicts('<!-- shown: why -->', '```', 'x', '```')).toEqual([expect.stringContaining('no language')]);
    expect(await verdicts('Text:', '```sh', 'npm test', '```')).toEqual([expect.stringContaining('no mark')]);
    expect(await fenced('<!-- a remark -->', 'sh', 'true')).toEqual([expect.stringContaining('no mark')]);
  });

  it('is not looked for in lists and other blocks', () => {
    expect(blocksOf('- item\n\n    more of it\n\n```sh\n    indented inside\n```\n')).toHaveLength(1);
  });

  it('has the mark that stands directly before it, and no earlier one', async () => {
    expect(await verdicts('<!-- shown: why -->', 'Text', '```text', 'x', '```')).toEqual([
      'no mark: say before it, in a comment, how it is run',
    ]);
    expect(await fenced('<!-- shown: why -->', 'text', 'x')).toEqual(['']);
  });
});

describe('a mark', () => {
  it('has settings behind semicolons or on lines of their own', () => {
    const mark = parseMark('run: module; file: a.mjs\nprints: one\nprints: two');
    expect(mark).toMatchObject({ kind: 'run', what: 'module' });
    expect(mark?.settings).toEqual(
      new Map([
        ['file', ['a.mjs']],
        ['prints', ['one', 'two']],
      ]),
    );
  });

  it('is refused with a setting, a runner or a language that does not fit', async () => {
    expect(await fenced('<!-- run: sums; prints: 3 -->', 'text', '1 + 2 = 3')).toEqual([
      expect.stringContaining('no setting prints'),
    ]);
    expect(await fenced('<!-- run: nothing -->', 'text', 'x')).toEqual(['there is no runner nothing']);
    expect(await fenced('<!-- run: sums -->', 'sh', 'x')).toEqual(['sums runs text, not sh']);
    expect(await fenced('<!-- tested: test/docs/nothing.test.ts -->', 'text', 'x')).toEqual([
      'there is no test/docs/nothing.test.ts',
    ]);
  });
});

describe('what is wrong in a block is found', () => {
  it('sums', async () => {
    expect(await fenced('<!-- run: sums -->', 'text', 'a + b = c', '1,000 x (2 kB + 0.5 kB) = 2,500 kB')).toEqual(['']);
    expect(await fenced('<!-- run: sums -->', 'text', '1 + 2 = 4')).toEqual(['1 + 2 = 4: it is 3']);
    expect(await fenced('<!-- run: sums -->', 'text', 'a + b = c')).toEqual(['there is no sum in it']);
    expect(sumsOf('10 / 3 = 3.3 s').map(({ right }) => right)).toEqual([true]);
    expect(sumsOf('10 / 3 = 3.4 s').map(({ right }) => right)).toEqual([false]);
  });

  it('frames', async () => {
    expect(await fenced('<!-- run: frame; from: client -->', 'json', '{"type": "pong"}')).toEqual(['']);
    expect(await fenced('<!-- run: frame; from: client -->', 'json', '{"type": "pong", "more": 1}')).toEqual([
      'a pong frame has no field more',
    ]);
    expect(await fenced('<!-- run: frame; from: client -->', 'json', '{"type": "pung"}')).toEqual([
      expect.stringContaining('pung'),
    ]);
    expect(await fenced('<!-- run: frame; from: service -->', 'json', '{"type": "busy"}')).toEqual([
      'a busy frame has retryAfterMs too',
    ]);
  });

  it('bodies', async () => {
    const error = (text: string) => fenced('<!-- run: error -->', 'json', `{"error": ${text}}`);
    expect(await error('{"code": "not-found", "message": "x"}')).toEqual(['']);
    expect(await error('{"code": "not-fond", "message": "x"}')).toEqual(['there is no error not-fond']);
    expect(await error('{"code": "busy", "message": "x"}')).toEqual([expect.stringContaining('busy is temporary')]);
    const event = (data: string) =>
      `{"type": "session.ended", "timestamp": "2026-03-01T09:30:00.125Z", "data": {"tenant": "a", "session": "s", ${data}}}`;
    expect(await fenced('<!-- run: webhook -->', 'json', event('"user": "u"'))).toEqual(['']);
    expect(await fenced('<!-- run: webhook -->', 'json', event('"user": "u", "pod": "p"'))).toEqual([
      expect.stringContaining('what is sent is'),
    ]);
    expect(await fenced('<!-- run: receivers -->', 'json', '[{"tenant": "a"}]')).toEqual([
      expect.stringContaining('0.url'),
    ]);
  });

  it('settings', async () => {
    expect(await fenced('<!-- run: config -->', 'ini', 'BATON_PORT=9000')).toEqual(['']);
    expect(await fenced('<!-- run: config -->', 'ini', 'BATON_PROT=9000')).toEqual([
      expect.stringContaining('BATON_PROT'),
    ]);
    expect(await fenced('<!-- run: config; refused: BATON_PORT -->', 'ini', 'BATON_PORT=90000')).toEqual(['']);
  });

  it('commands, JSON and code that are only shown', async () => {
    const mark = '<!-- shown: why -->';
    expect(await fenced(mark, 'sh', 'npm run demo', 'baton token')).toEqual(['']);
    expect(await fenced(mark, 'sh', 'npm run nothing', 'baton nothing')).toEqual([
      'there is no npm run nothing\nbaton has no command nothing',
    ]);
    expect(await fenced(mark, 'sh', 'helm install b helm/none --set redis.ulr=x')).toEqual([
      'there is no helm/none\nthe chart has no value redis.ulr',
    ]);
    expect(await fenced(mark, 'json', '{"a": …}')).toEqual([expect.stringContaining('JSON')]);
    expect(await fenced(mark, 'js', 'const = 1')).toEqual([expect.not.stringMatching(/^$/)]);
    expect(await fenced(mark, 'lua', 'return 1')).toEqual([expect.stringContaining('lua')]);
  });

  it('shapes of answers', () => {
    expect(compareShapes('', { a: 1, b: [{ c: 'x' }], d: null }, { a: 2, b: [{ c: 'y' }], d: { e: 1 } })).toEqual([]);
    expect(compareShapes('', { a: 1 }, { a: '1', b: 2 })).toEqual([
      '.a is shown as number and is string',
      ".b is there and isn't shown",
    ]);
    expect(compareShapes('', { b: [{ c: 1 }] }, { b: [{}] })).toEqual([".b[0].c is shown and isn't there"]);
  });
});
