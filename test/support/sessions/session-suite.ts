import { describe, expect, it } from '@jest/globals';
import { asSessionId } from '../../../src/protocol/ids.js';
import type { SessionEvent, SessionKey } from '../../../src/sessions/session-store.js';
import { A, acme, ann, B, bob, C, claimOf, fieldsOf, newSession, umbrella } from './claims.js';
import { begun, brief, lasting, MINUTE, refreshed } from './each-store.js';
import type { OpenStore } from './each-store.js';
import type { StoreTwin } from './store-twin.js';

/** What every store of sessions promises. */
export function describeSessions(open: OpenStore): void {
  async function heardBy(twin: StoreTwin, key: SessionKey): Promise<SessionEvent[]> {
    const heard: SessionEvent[] = [];
    await twin.events.listen(key, (event) => heard.push(event));
    return heard;
  }

  describe('a claim', () => {
    it('with the fields of a new session makes it', async () => {
      const twin = open(lasting);
      const key = newSession();
      const create = fieldsOf(twin.nowMs() + MINUTE);
      const result = await twin.store.claim(claimOf(key, 1, A, { create }));
      expect(result).toMatchObject({ kind: 'claimed', created: true });
      const row = await twin.store.get(key);
      expect(row).toMatchObject({ ...key, ...create, attempt: 1, connection: 'A', pod: 'pod-A', detached: false });
      expect(Math.abs((row?.createdAtMs ?? 0) - twin.nowMs())).toBeLessThan(5_000);
      expect(row?.movedAtMs).toBe(row?.createdAtMs);
      expect(result).toMatchObject({ row });
    });

    it('without them, or with another attempt than 1, makes none', async () => {
      const twin = open(lasting);
      const key = newSession();
      const create = fieldsOf(twin.nowMs() + MINUTE);
      expect(await twin.store.claim(claimOf(key, 1, A))).toEqual({ kind: 'gone' });
      expect(await twin.store.claim(claimOf(key, 2, A, { create }))).toEqual({ kind: 'gone' });
      expect(await twin.store.claim(claimOf(key, 1, A, { renew: create }))).toEqual({ kind: 'gone' });
      expect(await twin.store.get(key)).toBeNull();
    });

    const orders = [
      [2, 3, 4],
      [2, 4, 3],
      [3, 2, 4],
      [3, 4, 2],
      [4, 2, 3],
      [4, 3, 2],
    ] as const;
    it.each(orders)('of the highest attempt owns the session, in the order %i %i %i', async (...order) => {
      const twin = open(lasting);
      const key = await begun(twin);
      const connections = { 2: A, 3: B, 4: C };
      for (const attempt of order) {
        const result = await twin.store.claim(claimOf(key, attempt, connections[attempt]));
        const highest = Math.max(...order.slice(0, order.indexOf(attempt) + 1));
        if (attempt === highest) expect(result).toMatchObject({ kind: 'claimed', created: false });
        else expect(result).toEqual({ kind: 'superseded', attempt: highest, connection: connections[highest as 2] });
      }
      expect(await twin.store.get(key)).toMatchObject({ attempt: 4, connection: C, pod: 'pod-C' });
    });

    it('of an attempt near 2^53 is compared exactly', async () => {
      const twin = open(lasting);
      const key = await begun(twin);
      const highest = Number.MAX_SAFE_INTEGER;
      expect(await twin.store.claim(claimOf(key, highest, B))).toMatchObject({ kind: 'claimed' });
      const late = await twin.store.claim(claimOf(key, highest - 1, C));
      expect(late).toEqual({ kind: 'superseded', attempt: highest, connection: B });
      expect(await twin.store.get(key)).toMatchObject({ attempt: highest });
    });

    it('that is sent again has one effect and is told once', async () => {
      const twin = open(lasting);
      const key = newSession();
      const heard = await heardBy(twin, key);
      const first = claimOf(key, 1, A, { create: fieldsOf(twin.nowMs() + MINUTE) });
      const answer = await twin.store.claim(first);
      expect(await twin.store.claim(first)).toEqual(answer);
      const second = await twin.store.claim(claimOf(key, 2, B));
      expect(await twin.store.claim(claimOf(key, 2, B))).toEqual(second);
      await twin.store.end(key);
      await twin.waitFor('the end to be heard', () => heard.some(({ kind }) => kind === 'ended'));
      expect(heard).toEqual([
        { kind: 'claimed', attempt: 1, connection: A },
        { kind: 'claimed', attempt: 2, connection: B },
        { kind: 'ended' },
      ]);
    });

    it('of the same attempt by another connection is superseded', async () => {
      const twin = open(lasting);
      const key = await begun(twin);
      expect(await twin.store.claim(claimOf(key, 1, B))).toEqual({ kind: 'superseded', attempt: 1, connection: A });
      const create = fieldsOf(twin.nowMs() + MINUTE);
      const copied = await twin.store.claim(claimOf(key, 1, B, { create }));
      expect(copied).toEqual({ kind: 'superseded', attempt: 1, connection: A });
    });

    it('among many is answered in its place', async () => {
      const twin = open(lasting);
      const [one, two] = [await begun(twin), await begun(twin)];
      const results = await twin.store.claimAll([
        claimOf(one, 1, A),
        claimOf(newSession(), 1, A),
        claimOf(two, 1, B),
        claimOf(two, 2, B),
      ]);
      expect(results.map((result) => (result.status === 'fulfilled' ? result.value.kind : 'rejected'))).toEqual([
        'claimed',
        'gone',
        'superseded',
        'claimed',
      ]);
      expect(await twin.store.claimAll([])).toEqual([]);
    });
  });

  describe('a credential', () => {
    it('that has run out ends the claims of its session until it is renewed', async () => {
      const twin = open(lasting);
      const key = newSession();
      const expiring = claimOf(key, 1, A, { create: fieldsOf(twin.nowMs() + 300) });
      expect(await twin.store.claim(expiring)).toMatchObject({ kind: 'claimed' });
      const claimAgain = () => twin.store.claim(claimOf(key, 1, A));
      await twin.waitFor('the credential to expire', async () => (await claimAgain()).kind === 'expired');
      expect(await twin.store.claim(claimOf(key, 2, B))).toEqual({ kind: 'expired' });
      expect(await twin.store.get(key)).toMatchObject({ attempt: 1, connection: A });
      const renew = { ...fieldsOf(twin.nowMs() + MINUTE), grants: [{ stream: '*', can: ['publish'] as const }] };
      expect(await twin.store.claim(claimOf(key, 2, B, { renew }))).toMatchObject({ kind: 'claimed', created: false });
      expect(await twin.store.get(key)).toMatchObject({ ...renew, attempt: 2 });
    });

    it('that has run out makes no session, and renews none', async () => {
      const twin = open(lasting);
      const over = fieldsOf(twin.nowMs() - 1);
      expect(await twin.store.claim(claimOf(newSession(), 1, A, { create: over }))).toEqual({ kind: 'expired' });
      const key = await begun(twin);
      expect(await twin.store.claim(claimOf(key, 2, B, { renew: over }))).toEqual({ kind: 'expired' });
      expect(await twin.store.get(key)).toMatchObject({ attempt: 1 });
    });

    it('of another user finds nothing', async () => {
      const twin = open(lasting);
      const key = await begun(twin);
      const foreign = fieldsOf(twin.nowMs() + MINUTE, bob);
      expect(await twin.store.claim(claimOf(key, 2, B, { renew: foreign }))).toEqual({ kind: 'gone' });
      expect(await twin.store.claim(claimOf(key, 1, A, { create: foreign }))).toEqual({ kind: 'gone' });
      expect(await twin.store.get(key)).toMatchObject({ user: ann, attempt: 1 });
    });

    it('of a superseded connection renews nothing', async () => {
      const twin = open(lasting);
      const key = await begun(twin);
      const before = await twin.store.claim(claimOf(key, 2, B));
      const renew = { ...fieldsOf(twin.nowMs() + 2 * MINUTE), grants: [] };
      expect(await twin.store.claim(claimOf(key, 1, A, { renew }))).toMatchObject({ kind: 'superseded', attempt: 2 });
      expect(before).toMatchObject({ row: await twin.store.get(key) });
    });
  });

  describe('a connection that goes', () => {
    it('leaves a detached row, which the next claim takes', async () => {
      const twin = open(lasting);
      const key = await begun(twin);
      expect(await twin.store.detach(key, 1, A)).toBe(true);
      expect(await twin.store.get(key)).toMatchObject({ detached: true, attempt: 1, connection: A });
      expect(await twin.store.detach(key, 1, A)).toBe(true);
      expect(await twin.store.claim(claimOf(key, 2, B))).toMatchObject({ kind: 'claimed', row: { detached: false } });
    });

    it('cannot detach what is not its own', async () => {
      const twin = open(lasting);
      const key = await begun(twin);
      await twin.store.claim(claimOf(key, 2, B));
      expect(await twin.store.detach(key, 1, A)).toBe(false);
      expect(await twin.store.detach(key, 2, A)).toBe(false);
      expect(await twin.store.detach(key, 1, B)).toBe(false);
      expect(await twin.store.detach(newSession(), 1, A)).toBe(false);
      expect(await twin.store.get(key)).toMatchObject({ detached: false, connection: B });
    });

    it('is told of every claim that takes its session, until it no longer listens', async () => {
      const twin = open(lasting);
      const key = await begun(twin);
      const left: SessionEvent[] = [];
      const unlisten = await twin.events.listen(key, (event) => left.push(event));
      const heard = await heardBy(twin, key);
      unlisten();
      unlisten();
      await twin.store.claim(claimOf(key, 2, B));
      await twin.waitFor('the claim to be heard', () => heard.length > 0);
      expect(heard).toEqual([{ kind: 'claimed', attempt: 2, connection: B }]);
      expect(left).toEqual([]);
    });
  });

  describe('a session', () => {
    it('is gone its TTL after it was detached, to the second, with its data', async () => {
      const twin = open(brief);
      const key = await begun(twin);
      await twin.store.putData(key, 'cart', 'book', 0);
      await twin.store.detach(key, 1, A);
      const detachedAtMs = twin.nowMs();
      await twin.waitFor('the detached session to expire', async () => (await twin.store.get(key)) === null);
      expect(twin.nowMs() - detachedAtMs).toBeGreaterThanOrEqual(brief.ttlMs - 25);
      expect(twin.nowMs() - detachedAtMs).toBeLessThan(brief.ttlMs + 1_000);
      expect(await twin.store.claim(claimOf(key, 2, B))).toEqual({ kind: 'gone' });
      expect(await twin.store.getData(key, 'cart')).toBeNull();
      expect(await twin.store.putData(key, 'cart', 1, null)).toEqual({ kind: 'gone' });
      expect(await twin.store.detach(key, 1, A)).toBe(false);
      expect(await twin.store.end(key)).toBe(false);
    });

    it('that is resumed in time has its whole life before it again', async () => {
      const twin = open(refreshed);
      const key = await begun(twin);
      await twin.store.putData(key, 'cart', 'book', 0);
      const bornAtMs = twin.nowMs();
      for (const attempt of [2, 3, 4]) {
        await twin.store.detach(key, attempt - 1, attempt === 2 ? A : B);
        const sinceMs = twin.nowMs();
        await twin.waitFor('half a life', () => twin.nowMs() - sinceMs >= refreshed.ttlMs / 2);
        expect(await twin.store.claim(claimOf(key, attempt, B))).toMatchObject({ kind: 'claimed' });
      }
      expect(twin.nowMs() - bornAtMs).toBeGreaterThan(refreshed.ttlMs);
      expect(await twin.store.getData(key, 'cart')).toMatchObject({ value: 'book' });
    });

    it('is gone two sweeps and its TTL after the pod that owned it was last heard of', async () => {
      const twin = open(brief);
      const key = await begun(twin);
      const ownedSinceMs = twin.nowMs();
      await twin.waitFor('the forgotten session to expire', async () => (await twin.store.get(key)) === null);
      expect(twin.nowMs() - ownedSinceMs).toBeGreaterThanOrEqual(brief.ttlMs + 2 * brief.sweepMs - 25);
      expect(twin.nowMs() - ownedSinceMs).toBeLessThan(brief.ttlMs + 2 * brief.sweepMs + 1_000);
    });

    it('that is claimed again in time stays', async () => {
      const twin = open(refreshed);
      const key = await begun(twin);
      const untilMs = twin.nowMs() + 1.2 * (refreshed.ttlMs + 2 * refreshed.sweepMs);
      await twin.waitFor('more than its TTL to pass', async () => {
        expect(await twin.store.claim(claimOf(key, 1, A))).toMatchObject({ kind: 'claimed' });
        return twin.nowMs() > untilMs;
      });
    });

    it('that is ended is gone with its data, and those who listen are told', async () => {
      const twin = open(lasting);
      const key = await begun(twin);
      await twin.store.putData(key, 'cart', ['book'], 0);
      const heard = await heardBy(twin, key);
      expect(await twin.store.end(key)).toBe(true);
      await twin.waitFor('the end to be heard', () => heard.length > 0);
      expect(await twin.store.end(key)).toBe(false);
      expect(heard).toEqual([{ kind: 'ended' }]);
      expect(await twin.store.claim(claimOf(key, 2, B))).toEqual({ kind: 'gone' });
      await begun(twin, key);
      expect(await twin.store.getData(key, 'cart')).toBeNull();
    });

    it('is ended by a connection only if that owns it', async () => {
      const twin = open(lasting);
      const key = await begun(twin);
      await twin.store.claim(claimOf(key, 2, B));
      expect(await twin.store.end(key, A)).toBe(false);
      expect(await twin.store.get(key)).toMatchObject({ connection: B });
      expect(await twin.store.end(key, B)).toBe(true);
    });

    it('of another tenant with the same id is another thing', async () => {
      const twin = open(lasting);
      const ours = await begun(twin);
      const theirs = { tenant: umbrella, session: ours.session };
      const heard = await heardBy(twin, ours);
      await begun(twin, theirs);
      await twin.store.claim(claimOf(theirs, 5, C));
      await twin.store.putData(theirs, 'cart', 'theirs', 0);
      expect(await twin.store.end(theirs)).toBe(true);
      expect(await twin.store.get(ours)).toMatchObject({ tenant: acme, attempt: 1, connection: A });
      expect(await twin.store.getData(ours, 'cart')).toBeNull();
      await twin.store.claim(claimOf(ours, 2, B));
      await twin.waitFor('a claim to be heard', () => heard.length > 0);
      expect(heard).toEqual([{ kind: 'claimed', attempt: 2, connection: B }]);
    });

    it('that belongs to another tenant looks like one that never was', async () => {
      const twin = open(lasting);
      const ours = await begun(twin);
      const foreign = { tenant: umbrella, session: ours.session };
      const missing = { tenant: umbrella, session: asSessionId('never-made') };
      const ask = async (key: SessionKey): Promise<unknown> => [
        await twin.store.get(key),
        await twin.store.claim(claimOf(key, 2, B)),
        await twin.store.detach(key, 1, A),
        await twin.store.end(key),
        await twin.store.getData(key, 'cart'),
        await twin.store.putData(key, 'cart', 1, null),
      ];
      expect(await ask(foreign)).toEqual(await ask(missing));
      expect(await twin.store.get(ours)).toMatchObject({ attempt: 1, connection: A });
    });
  });
}
