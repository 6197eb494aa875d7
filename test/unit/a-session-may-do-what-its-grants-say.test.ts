import { describe, expect, it } from '@jest/globals';
import type { SessionIdentity } from '../../src/messaging/session-identity.js';
import { mayName, sessionMay } from '../../src/messaging/session-permission.js';
import type { Grant, Permission } from '../../src/protocol/grants.js';
import { asSessionId, asTenantId, asUserId } from '../../src/protocol/ids.js';
import { isStreamName, type StreamName } from '../../src/protocol/stream-name.js';

const all = ['subscribe', 'publish', 'presence'] as const;
const identity = (user: string, grants: readonly Grant[]): SessionIdentity => ({
  ...{ tenant: asTenantId('acme'), session: asSessionId('S'), user: asUserId(user), publisher: null },
  grants,
});
const grant = (stream: string, ...can: readonly Permission[]): Grant => ({ stream, can });

const actors: Readonly<Record<string, SessionIdentity>> = {
  'a user without grants': identity('ada', []),
  'a user with an exact grant': identity('ada', [grant('channel:a', 'publish', 'presence')]),
  'a user with a prefix': identity('ada', [grant('channel:a*', 'subscribe')]),
  'a user with everything': identity('ada', [grant('*', ...all)]),
  'a user with names of others': identity('ada', [grant('user:*', ...all), grant('session:*', ...all)]),
  'a key without grants': identity('key:w', []),
  'a key with a user and a session': identity('key:w', [grant('user:a*', 'publish'), grant('session:T', 'subscribe')]),
  'a key with everything': identity('key:w', [grant('*', ...all)]),
};
const streams: readonly StreamName[] = [
  ...(['session', 'user', 'tenant', 'channel:a', 'channel:ab', 'channel:b'] as const),
  ...(['user:ada', 'user:bob', 'user:key:w', 'user:key:x', 'session:S', 'session:T'] as const),
];

/** What each may do with each stream, as letters: s(ubscribe), p(ublish), (presenc)e. Own short names first. */
const table: Readonly<Record<string, string>> = {
  //                              session user tenant a  ab  b  u:ada u:bob u:k:w u:k:x s:S s:T
  'a user without grants': 's s s - - - - - - - - -',
  'a user with an exact grant': 's s s pe - - - - - - - -',
  'a user with a prefix': 's s s s s - - - - - - -',
  'a user with everything': 'spe spe spe spe spe spe - - - - - -',
  'a user with names of others': 's s s - - - - - - - - -',
  'a key without grants': 's s - - - - - - - - - -',
  'a key with a user and a session': 's s - - - - p - - - - s',
  'a key with everything': 'spe spe spe spe spe spe spe spe - spe - spe',
};

const letters: Readonly<Record<Permission, string>> = { subscribe: 's', publish: 'p', presence: 'e' };

describe('by the table', () => {
  it.each(Object.entries(table))('%s', (name, row) => {
    const actor = actors[name] ?? identity('nobody', []);
    const said = streams.map((stream) => {
      const may = all.filter((permission) => sessionMay(actor, stream, permission));
      return may.map((permission) => letters[permission]).join('') || '-';
    });
    expect(said.join(' ')).toBe(row);
  });
});

it('what a session may not name depends on nothing that changes while it lives', () => {
  for (const [name, actor] of Object.entries(actors))
    for (const stream of streams) {
      const byItself = mayName({ ...actor, grants: [] }, stream);
      expect([name, stream, mayName(actor, stream)]).toEqual([name, stream, byItself]);
    }
});

it('a stream is named by its kind, and no name leaves its kind', () => {
  const names = ['user:ada', 'user:key:w', 'session:a_B-1', 'channel:user:ada', 'user:', 'session:a/b', 'user:a:b'];
  const more = ['key:w', 'User:ada', 'tenant:acme', 'user:key:', 'user:key:a/b', ':ada', 'user: ada', 'session:'];
  expect([...names, ...more].filter(isStreamName)).toEqual(['user:ada', 'user:key:w', 'session:a_B-1']);
  expect(isStreamName(`session:${'s'.repeat(33)}`)).toBe(false);
});
