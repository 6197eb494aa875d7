import { json } from '../frames/frame-bytes.js';
import type { BadInput } from './bad-input.js';

/** What no channel, user or tenant may be called: everything that means something somewhere else. */
export const badNames: readonly string[] = [
  ...['.', '..', '../a', 'a/../b', 'a/..', 'a..b', 'a//b', '/a', '-a', '_a'],
  ...['a b', ' a', 'a ', 'a\tb', 'a\nb', 'a\rb', 'a\r\nSET x 1\r\n', 'a\u0000', '\u0000', 'a\u007fb', 'a\u0085b'],
  ...['a*', '*', 'a?', 'a[b]', 'a^b', 'a\\b', 'a{b}', '{a}', 'a}', 'a:b', 'a|b', 'a;b', 'a,b', 'a#b', 'a@b', 'a$b'],
  ...['a%2eb', '%2e%2e', 'a%00b', 'a+b', 'a&b', 'a=b', 'a"b', "a'b", 'a`b', 'a<b>', '(a)', 'a!', 'a~b'],
  ...[
    '\u00e4',
    '\u0430dmin',
    'admin\u200b',
    '\ufeffa',
    'a\u202eb',
    '\uff41',
    'a\u0301',
    '\u2025',
    'a\u2215b',
    '\ud83d\ude00',
  ],
  ...['x'.repeat(129), 'x'.repeat(10_000)],
];

const said = (name: string): string => JSON.stringify(name).slice(0, 24);

export const badNameInputs: readonly BadInput[] = [
  ...badNames.map((name): BadInput => ({
    what: `the channel ${said(name)}`,
    at: 'open',
    bytes: () => json({ type: 'subscribe', stream: `channel:${name}` }),
    hears: ['error bad-stream'],
  })),
  ...badNames.map((name): BadInput => ({
    what: `a message to the channel ${said(name)}`,
    at: 'open',
    bytes: () => json({ type: 'publish', stream: `channel:${name}`, seq: 1, after: 0, data: 1 }),
    hears: ['error bad-stream'],
  })),
];
