import { describe, expect, it } from '@jest/globals';
import { randomId } from '../../../src/lib/random-id.js';
import { asPodId, asTenantId, type TenantId } from '../../../src/protocol/ids.js';
import type { SessionKey, SessionPage } from '../../../src/sessions/session-store.js';
import { A, acme, ann, B, bob, claimOf, fieldsOf, newSession } from './claims.js';
import { lasting, MINUTE, refreshed } from './each-store.js';
import type { OpenStore } from './each-store.js';
import type { StoreTwin } from './store-twin.js';

/** What every store of sessions promises. */
export function describeSessionLists(open: OpenStore): void {
  describe('a list of sessions', () => {
    const all = { limit: 200, after: null };
    const ids = ({ sessions }: SessionPage) => sessions.map(({ session }) => session).sort();
    /** A tenant of its own, or lists would have the sessions of other tests. */
    const someTenant = () => asTenantId(`t${randomId()}`);
    const madeBy = async (twin: StoreTwin, tenant: TenantId, user = ann): Promise<SessionKey> => {
      const key = newSession(tenant);
      await twin.store.claim(claimOf(key, 1, A, { create: fieldsOf(twin.nowMs() + MINUTE, user) }));
      return key;
    };

    it('has one whose pod no longer beats as detached, and as owned again once it does', async () => {
      const [twin, tenant, pod] = [open(lasting), someTenant(), asPodId('pod-A')];
      const key = await madeBy(twin, tenant);
      const listed = async () => (await twin.store.listByTenant(tenant, all)).sessions;
      await twin.setAlive(pod, true);
      expect(await listed()).toMatchObject([{ connection: A, detached: false }]);
      await twin.setAlive(pod, false);
      expect(await listed()).toMatchObject([{ connection: A, detached: true }]);
      expect(await twin.store.get(key)).toMatchObject({ detached: false });
      await twin.setAlive(pod, true);
      expect(await listed()).toMatchObject([{ detached: false }]);
      await twin.store.detach(key, 1, A);
      expect(await listed()).toMatchObject([{ detached: true }]);
    });

    it('has those of its user or tenant, and no others', async () => {
      const [twin, tenant, other] = [open(lasting), someTenant(), someTenant()];
      const [one, two, bobs] = [
        await madeBy(twin, tenant),
        await madeBy(twin, tenant),
        await madeBy(twin, tenant, bob),
      ];
      await madeBy(twin, other);
      expect(ids(await twin.store.listByUser(tenant, ann, all))).toEqual([one.session, two.session].sort());
      expect(ids(await twin.store.listByUser(tenant, bob, all))).toEqual([bobs.session]);
      expect(ids(await twin.store.listByTenant(tenant, all))).toEqual([one.session, two.session, bobs.session].sort());
      expect(await twin.store.listByUser(someTenant(), ann, all)).toEqual({ sessions: [], next: null });
    });

    it('has sessions as they read: those of a dead pod are detached', async () => {
      const [twin, tenant] = [open(lasting), someTenant()];
      const [one, two] = [await madeBy(twin, tenant), await madeBy(twin, tenant)];
      await twin.setAlive(asPodId('pod-A'), false);
      await twin.setAlive(asPodId('pod-B'), true);
      await twin.store.claim(claimOf(two, 2, B));
      const { sessions } = await twin.store.listByTenant(tenant, all);
      expect(sessions.find(({ session }) => session === one.session)).toMatchObject({ detached: true, attempt: 1 });
      expect(sessions.find(({ session }) => session === two.session)).toMatchObject({ detached: false, attempt: 2 });
    });

    it('loses those that have ended or expired', async () => {
      const [twin, tenant] = [open(refreshed), someTenant()];
      const [ended, detached, kept] = [
        await madeBy(twin, tenant),
        await madeBy(twin, tenant),
        await madeBy(twin, tenant),
      ];
      await twin.store.end(ended);
      expect(ids(await twin.store.listByTenant(tenant, all))).toEqual([detached.session, kept.session].sort());
      await twin.store.detach(detached, 1, A);
      await twin.waitFor('the detached session to be listed no more', async () => {
        await twin.store.claim({ ...claimOf(kept, 1, A), user: ann });
        return ids(await twin.store.listByUser(tenant, ann, all)).length === 1;
      });
      expect(ids(await twin.store.listByUser(tenant, ann, all))).toEqual([kept.session]);
    });

    it('is read in pages that together have everything', async () => {
      const [twin, tenant] = [open(lasting), someTenant()];
      const made: SessionKey[] = [];
      for (let count = 0; count < 7; count += 1) made.push(await madeBy(twin, tenant));
      await twin.store.end(made[3] as SessionKey);
      const seen = new Set<string>();
      const pages: number[] = [];
      for (let after: string | null | undefined; after !== null;) {
        const page: SessionPage = await twin.store.listByTenant(tenant, { limit: 2, after: after ?? null });
        for (const session of ids(page)) seen.add(session);
        pages.push(page.sessions.length);
        // What is refreshed meanwhile is seen again, perhaps, but not missed.
        if (pages.length === 2) await twin.store.claim({ ...claimOf(made[0] as SessionKey, 1, A), user: ann });
        after = page.next;
      }
      expect(Math.max(...pages)).toBeLessThanOrEqual(2);
      expect([...seen].sort()).toEqual(made.flatMap(({ session }, at) => (at === 3 ? [] : [session])).sort());
    });

    it.each([
      [0, null],
      [201, null],
      [1.5, null],
      [10, 'nonsense'],
      [10, '12~a}b'],
    ])('is refused for a page of %d after %s', async (limit, after) => {
      await expect(open(lasting).store.listByTenant(acme, { limit, after })).rejects.toMatchObject({
        code: 'bad-request',
      });
    });
  });
}
