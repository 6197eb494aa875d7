import { describe, expect, it } from '@jest/globals';
import { allowedEndpoints, connectUrl } from '../../src/client/endpoints.js';
import { OwnershipScript } from '../support/ownership-script.js';

const migrate = (connection: number, endpoints: readonly string[] = []) =>
  ({ type: 'migrate', connection, withinMs: 1_000, deadlineMs: 20_000, endpoints }) as const;

describe('migrate on the current connection', () => {
  it('opens a second one at a random time within, at the endpoint, with the next attempt; the first goes on', () => {
    const script = new OwnershipScript().connected().play(migrate(1, ['ws://b']));
    expect(script.effects).toEqual([{ type: 'schedule', atLeastMs: 0, spreadMs: 1_000 }]);
    script.play({ type: 'due' });
    expect(script.of('open')).toMatchObject([
      { opened: { url: 'ws://b', attempt: 2 }, hello: { hops: 0, token: null } },
    ]);
    expect(script.state.current?.connection).toBe(1);
  });

  it('goes through the list, then to the shared URL, until the deadline', () => {
    const script = new OwnershipScript().connected().movingTo(['ws://b', 'ws://c']);
    const urls = [script.waiting.url];
    for (let failure = 0; failure < 2; failure += 1) {
      script.closed(script.waiting.connection, 1006).play({ type: 'due' });
      urls.push(script.waiting.url);
    }
    expect(urls).toEqual(['ws://b', 'ws://c', 'ws://one']);
  });

  it('is ignored while an attempt waits, and after a newer connection was welcomed', () => {
    const script = new OwnershipScript().connected().movingTo(['ws://b']);
    const waiting = script.state;
    expect(script.play(migrate(1, ['ws://c'])).state).toEqual(waiting);
    const welcomed = script.welcome().state;
    expect(script.play(migrate(1, ['ws://c'])).state).toEqual(welcomed);
  });

  it('a second one while the first waits for its time brings its endpoints, not a longer wait', () => {
    const script = new OwnershipScript().connected().play(migrate(1, ['ws://b']), migrate(1, ['ws://c']));
    expect(script.effects).toEqual([]);
    expect(script.play({ type: 'due' }).waiting.url).toBe('ws://c');
  });

  it('at welcome the new connection is the current one; the old one is closed 5 s later if it has not closed', () => {
    const script = new OwnershipScript().connected().movingTo().welcome();
    expect(script.state).toMatchObject({
      current: { connection: 2 },
      previous: { connection: 1 },
      next: { kind: 'idle' },
    });
    expect(script.effects).toContainEqual({ type: 'timer', timer: 'overlap-expired', afterMs: 5_000 });
    expect(script.play({ type: 'overlap-expired' }).effects).toEqual([{ type: 'drop', connection: 1 }]);
  });
});

describe('migrate before welcome', () => {
  it('closes the attempt and opens the endpoint at once, with the next attempt and one hop more', () => {
    const script = new OwnershipScript()
      .connected()
      .closed(1, 1006)
      .play({ type: 'due' }, migrate(2, ['ws://c']));
    expect(script.effects).toMatchObject([
      { type: 'drop', connection: 2 },
      { type: 'timer', timer: 'attempt-expired' },
      { type: 'open', opened: { url: 'ws://c', attempt: 3 }, hello: { hops: 1 } },
    ]);
  });

  it('without a session the attempt is still 1, and the same token serves', () => {
    const script = new OwnershipScript().play({ type: 'start' }, { type: 'token', token: 'a' }, migrate(1, ['ws://c']));
    expect(script.of('open')).toMatchObject([
      { opened: { attempt: 1 }, hello: { hops: 1, token: 'a', session: null } },
    ]);
  });

  it('a pod that sends it on after the last hop has failed; after the backoff hops are 0 again', () => {
    const script = new OwnershipScript().connected().closed(1, 1006).play({ type: 'due' });
    script.play(migrate(2, ['ws://c']), migrate(3, ['ws://d']));
    expect(script.of('open')).toMatchObject([{ hello: { hops: 2 } }]);
    script.play(migrate(4, ['ws://e']));
    expect(script.of('open')).toEqual([]);
    expect(script.of('drop')).toEqual([{ type: 'drop', connection: 4 }]);
    expect(script.play({ type: 'due' }).of('open')).toMatchObject([{ hello: { hops: 0 }, opened: { attempt: 5 } }]);
  });

  it('leaves the working connection as it was', () => {
    const script = new OwnershipScript()
      .connected()
      .movingTo(['ws://b'])
      .play(migrate(2, ['ws://c']));
    expect(script.state.current?.connection).toBe(1);
    expect(script.waiting).toMatchObject({ connection: 3, url: 'ws://c' });
  });
});

describe('several URLs', () => {
  it('are tried in turn', () => {
    const script = new OwnershipScript().play({ type: 'start' }, { type: 'token', token: 'a' });
    expect(script.waiting.url).toBe('ws://one');
    script.closed(1, 1006).play({ type: 'due' }, { type: 'token', token: 'a' });
    expect(script.waiting.url).toBe('ws://two');
  });
});

describe('endpoints', () => {
  const own = ['wss://service.example/v1/connect'];

  it('of another origin are left out unless they are allowed', () => {
    const offered = ['wss://service.example/x', 'wss://evil.example', 'wss://service.example:8443'];
    expect(allowedEndpoints(offered, own, [])).toEqual(['wss://service.example/x']);
    expect(allowedEndpoints(offered, own, 'same-host')).toEqual([
      'wss://service.example/x',
      'wss://service.example:8443/v1/connect',
    ]);
    expect(allowedEndpoints(offered, own, ['wss://evil.example'])).toContain('wss://evil.example/v1/connect');
    expect(allowedEndpoints(offered, own, (url) => url.port === '8443')).toHaveLength(2);
  });

  it('are never less secure than the own URL, whatever is allowed', () => {
    expect(allowedEndpoints(['ws://service.example'], own, () => true)).toEqual([]);
    expect(allowedEndpoints(['ws://b.example', 'wss://b.example'], ['ws://a.example'], () => true)).toHaveLength(2);
  });

  it('that are no ws: or wss: URLs are left out', () => {
    expect(allowedEndpoints(['https://service.example', 'nonsense', ''], own, () => true)).toEqual([]);
  });

  it('and URLs without a path get the one of the protocol', () => {
    expect(connectUrl('ws://127.0.0.1:8080')).toBe('ws://127.0.0.1:8080/v1/connect');
    expect(connectUrl('wss://a.example/baton/connect?x=1')).toBe('wss://a.example/baton/connect?x=1');
    expect(() => connectUrl('http://a.example')).toThrow('not a ws: or wss: URL');
  });
});
