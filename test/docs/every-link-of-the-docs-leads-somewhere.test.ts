import { describe, expect, it } from '@jest/globals';
import { anchorsOf, brokenLinks, relativeLinks } from '../support/docs/links.js';
import { allPages } from '../support/docs/pages.js';

const pages = allPages();

it.each(pages)('$path', (page) => {
  expect(brokenLinks(page)).toEqual([]);
});

it('there are links to follow', () => {
  expect(pages.flatMap(({ text }) => relativeLinks(text)).length).toBeGreaterThan(30);
});

describe('a broken one is found', () => {
  const broken = (text: string) => brokenLinks({ path: 'docs/some.md', text });

  it('to a file', () => {
    expect(broken('[a](protocol.md) [b](protocoll.md) [c](../src/nothing.ts)')).toEqual([
      'docs/some.md: there is no protocoll.md',
      'docs/some.md: there is no ../src/nothing.ts',
    ]);
  });

  it('to a heading', () => {
    expect(broken('# One, two\n[a](#one-two) [b](#one) [c](protocol.md#close-codes) [d](protocol.md#codes)')).toEqual([
      'docs/some.md: docs/some.md has no heading for #one',
      'docs/some.md: docs/protocol.md has no heading for #codes',
    ]);
  });

  it('but not in code', () => {
    expect(broken('`[a](nothing.md)`\n\n```js\n[b](nothing.md)\n```\n')).toEqual([]);
  });

  it('and headings are named as GitHub names them', () => {
    const headings = '## Send: `POST /v1/messages`\n## The hold\n## The hold\n```sh\n# no heading\n```\n';
    expect([...anchorsOf(headings)]).toEqual(['send-post-v1messages', 'the-hold', 'the-hold-1']);
  });
});
