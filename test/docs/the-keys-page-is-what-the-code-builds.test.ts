import { readFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import { asChannelName, asPodId, asPublisherId, asSessionId, asTenantId, asUserId } from '../../src/protocol/ids.js';
import { RedisKeys, type StreamOwner } from '../../src/redis/keys.js';

const root = new URL('../../', import.meta.url);
const read = (path: string): Promise<string> => readFile(new URL(path, root), 'utf8');

/** The cells of the rows of a table, below its head. */
function tableIn(page: string, title: string): readonly (readonly string[])[] {
  const section = page.split(/^## /m).find((text) => text.startsWith(`${title}\n`)) ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('|'));
  const cells = (row: string) => row.split('|').slice(1, -1);
  return rows.slice(2).map((row) => cells(row).map((cell) => cell.trim()));
}

const owners: readonly StreamOwner[] = [
  { kind: 'session', tenant: asTenantId('TENANT'), session: asSessionId('SESSION') },
  { kind: 'user', tenant: asTenantId('TENANT'), user: asUserId('USER') },
  { kind: 'tenant', tenant: asTenantId('TENANT') },
  { kind: 'channel', tenant: asTenantId('TENANT'), channel: asChannelName('CHANNEL') },
];
const keys = new RedisKeys('');
const tagOf = (owner: StreamOwner): string => keys.stream(owner).log.replace(/:log$/, '');

/** What each member that says how long its key lives says, by the member's name. */
async function commentsInCode(): Promise<ReadonlyMap<string, readonly string[]>> {
  const source = await read('src/redis/keys.ts');
  const comments = source.matchAll(/\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*(?:readonly |get )?(\w+)/g);
  const found = [...comments].flatMap(([, comment = '', name = '']) => {
    const text = comment
      .replaceAll(/\n\s*\*?/g, ' ')
      .replaceAll(/\s+/g, ' ')
      .trim();
    const parts = /^(.*?): (.*?)\. TTL: (.*?)\. Owner: (.*?)\.$/.exec(text);
    if (!parts && text.includes('TTL')) throw new Error(`${name} does not say type, content, TTL and owner: ${text}`);
    return parts ? [[name, parts.slice(1)] as const] : [];
  });
  return new Map(found);
}

/** Each member's key with its variable parts in capitals, as the page writes it. */
function keysInCode(): ReadonlyMap<string, string> {
  const owner = owners[3] as StreamOwner;
  const stream = keys.stream(owner);
  const tagged = {
    log: stream.log,
    top: stream.top,
    live: stream.live,
    publisher: stream.publisher(asSessionId('SESSION'), asPublisherId('PUBLISHER')),
    idempotency: stream.idempotency('HASH'),
  };
  return new Map([
    ...Object.entries(tagged).map(([name, key]) => [name, key.replace(tagOf(owner), 'TAG')] as const),
    ['sessionRow', keys.sessionRow(asTenantId('TENANT'), asSessionId('SESSION'))],
    ...Object.entries(keys.presence(asTenantId('TENANT'), asChannelName('CHANNEL'))),
    ['userSessions', keys.userSessions(asTenantId('TENANT'), asUserId('USER'))],
    ['tenantSessions', keys.tenantSessions(asTenantId('TENANT'))],
    ...Object.entries(keys.webhooks(asTenantId('TENANT'))),
    ['pods', keys.pods],
    ['pod', keys.pod(asPodId('POD'))],
    ['pace', keys.pace],
    ['canary', keys.canary('ID')],
  ]);
}

describe('docs/redis-keys.md', () => {
  it('has the hash tag of every kind of stream, and of webhooks', async () => {
    const documented = tableIn(await read('docs/redis-keys.md'), 'Hash tags').map(([, tag]) => tag);
    const webhooks = keys.webhooks(asTenantId('TENANT')).queue.replace(/:queue$/, '');
    expect(documented).toEqual([...owners.map(tagOf), webhooks].map((tag) => `\`${tag}\``));
  });

  it('has every key with type, content, time to live and who writes it, and no other', async () => {
    const comments = await commentsInCode();
    const built = keysInCode();
    expect([...comments.keys()].sort()).toEqual([...built.keys()].sort());
    const rows = [...comments].map(([name, cells]) => [`\`${built.get(name) ?? ''}\``, ...cells]);
    const documented = tableIn(await read('docs/redis-keys.md'), 'Keys and channels');
    expect([...documented].sort()).toEqual(rows.sort());
  });

  it('names for each key scripts that exist', async () => {
    for (const [name, cells] of await commentsInCode()) {
      if (name === 'canary') continue;
      for (const script of cells[3]?.split(', ') ?? [])
        expect(await read(`src/redis/scripts/${script}.lua`)).toContain(`-- ${script}:`);
    }
  });

  it("leaves a pod's grants to the guide, whose are tested", async () => {
    const page = await read('docs/redis-keys.md');
    expect(page).not.toMatch(/\+@\w/);
    expect(page).toContain('](redis.md#user-and-password)');
    expect(await read('docs/redis.md')).toMatch(/^## User and password$[^#]*ACL SETUSER baton /m);
  });
});
