import { beforeEach, describe, expect, it } from '@jest/globals';
import { ClientError } from '../../src/client/client-error.js';
import { PresenceDriver } from '../../src/client/presence-driver.js';
import type { PresenceEntry, PresenceFrame } from '../../src/protocol/frames.js';
import { asChannelName, asSessionId, asUserId } from '../../src/protocol/ids.js';
import { ManualClock } from '../support/manual-clock.js';

const entryOf = (session: string): PresenceEntry => ({
  session: asSessionId(session),
  user: asUserId('ada'),
  since: 1,
});
const frameOf = (event: PresenceFrame['event'], sessions: readonly string[], more = false): PresenceFrame => ({
  ...{ type: 'presence', channel: asChannelName('room'), event, entries: sessions.map(entryOf) },
  ...(more ? { more } : {}),
});

let sent: string[];
let clock: ManualClock;
let driver: PresenceDriver;
const sessionsOf = (entries: readonly PresenceEntry[]) => entries.map(({ session }) => session);

beforeEach(() => {
  sent = [];
  clock = new ManualClock();
  const settings = { clock, backoff: { baseMs: 500, maxMs: 20_000 }, random: () => 0.5 };
  driver = new PresenceDriver(settings, {
    send: (connection, text) => {
      const { on } = JSON.parse(text) as { readonly on: boolean };
      sent.push(`${connection} ${String(on)}`);
    },
    callbackThrew: (error) => {
      throw error;
    },
  });
});

describe('the presence of a channel', () => {
  it('is asked for after each `welcome`, and given up with the last use of it', () => {
    const one = driver.enter('room');
    expect(sent).toEqual([]);
    driver.welcomed(1);
    const other = driver.enter('room');
    driver.welcomed(2);
    driver.gone(1);
    one.close();
    one.close();
    expect(sent).toEqual(['1 true', '1 true', '2 true']);
    other.close();
    expect(sent.at(-1)).toBe('2 false');
    driver.welcomed(3);
    expect(sent).toHaveLength(4);
  });

  it('is what the last snapshot said, with who has come and gone since', async () => {
    const presence = driver.enter('room');
    const told: string[] = [];
    presence.on('snapshot', (entries) => told.push(`snapshot ${sessionsOf(entries).join()}`));
    presence.on('join', ({ session }) => told.push(`join ${session}`));
    presence.on('leave', ({ session }) => told.push(`leave ${session}`));
    driver.welcomed(1);
    driver.received(1, frameOf('snapshot', ['a', 'b'], true));
    expect(presence.entries).toEqual([]);
    driver.received(1, frameOf('snapshot', ['c']));
    await presence.ready;
    driver.received(1, frameOf('join', ['d']));
    driver.received(1, frameOf('leave', ['a', 'never']));
    expect(sessionsOf(presence.entries)).toEqual(['b', 'c', 'd']);
    driver.received(1, frameOf('snapshot', ['e']));
    expect(sessionsOf(presence.entries)).toEqual(['e']);
    expect(told).toEqual(['snapshot a,b,c', 'join d', 'leave a', 'leave never', 'snapshot e']);
  });

  it('is heard from the current connection only, and half a snapshot of another is forgotten', () => {
    const presence = driver.enter('room');
    driver.welcomed(1);
    driver.received(1, frameOf('snapshot', ['a']));
    driver.received(1, frameOf('snapshot', ['x'], true));
    driver.welcomed(2);
    driver.received(1, frameOf('join', ['old']));
    driver.received(2, frameOf('snapshot', ['b']));
    expect(sessionsOf(presence.entries)).toEqual(['b']);
  });

  it('that is refused is known to nobody, and says so to whoever waits for it', async () => {
    const presence = driver.enter('room');
    const told: string[] = [];
    presence.on('refused', ({ code }) => told.push(code));
    presence.on('snapshot', (entries) => told.push(`snapshot ${sessionsOf(entries).join()}`));
    const refuse = (connection: number) => {
      driver.refused(connection, asChannelName('room'), new ClientError('forbidden', 'no grant'), undefined);
    };
    driver.welcomed(1);
    driver.welcomed(2);
    refuse(1);
    expect(told).toEqual([]);
    refuse(2);
    await expect(presence.ready).rejects.toMatchObject({ code: 'forbidden' });
    driver.welcomed(3);
    expect(sent.at(-1)).toBe('3 true');
    driver.received(3, frameOf('snapshot', ['a']));
    driver.received(3, frameOf('snapshot', ['half'], true));
    // The grant is gone.
    refuse(3);
    expect(presence.entries).toEqual([]);
    driver.received(3, frameOf('snapshot', ['b']));
    expect(told).toEqual(['forbidden', 'snapshot a', 'forbidden', 'snapshot b']);
  });

  it('that is refused for now is asked for again, ever later, until it is known or closed', () => {
    const told: string[] = [];
    const presence = driver.enter('room');
    presence.on('refused', ({ code }) => told.push(code));
    const refuse = () => {
      driver.refused(1, asChannelName('room'), new ClientError('rate-limited', 'too many'), 1_000);
    };
    driver.welcomed(1);
    driver.received(1, frameOf('snapshot', ['a']));
    refuse();
    clock.advance(1_249);
    expect(sent).toEqual(['1 true']);
    clock.advance(1);
    expect(sent).toEqual(['1 true', '1 true']);
    refuse();
    clock.advance(1_500);
    expect(sent).toHaveLength(3);
    driver.received(1, frameOf('snapshot', ['a', 'b']));
    refuse();
    expect(sessionsOf(presence.entries)).toEqual(['a', 'b']);
    presence.close();
    expect(sent.splice(3)).toEqual(['1 false']);
    clock.advance(60_000);
    expect(sent).toHaveLength(3);
    expect(told).toEqual([]);
  });

  it('that was closed hears no refusal any more', () => {
    const told: string[] = [];
    const [one, other] = [driver.enter('room'), driver.enter('room')];
    one.on('refused', () => {
      told.push('one');
      other.close();
    });
    other.on('refused', () => told.push('other'));
    driver.welcomed(1);
    driver.refused(1, asChannelName('room'), new ClientError('forbidden', 'no grant'), undefined);
    expect(told).toEqual(['one']);
  });

  it('ends when the client stops, and needs the name of a channel', async () => {
    const presence = driver.enter('room');
    presence.close();
    await expect(presence.ready).rejects.toMatchObject({ code: 'closed' });
    expect(() => driver.enter('a b')).toThrow(expect.objectContaining({ code: 'bad-stream' }));
  });
});
