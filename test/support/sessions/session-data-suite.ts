import { expect, it } from '@jest/globals';
import type { Json } from '../../../src/protocol/frames.js';
import { B, claimOf, newSession, umbrella } from './claims.js';
import { begun, lasting } from './each-store.js';
import type { OpenStore } from './each-store.js';

const deleted = { kind: 'deleted' };

/** What every store of sessions promises. */
export function describeSessionData(open: OpenStore): void {
  const values: readonly Json[] = [null, true, 0, -1.5, '', 'ünï\u2028\n', [1, [2]], { a: { b: null } }, 'x y 1'];
  it('comes back as it was put', async () => {
    const twin = open(lasting);
    const key = await begun(twin);
    let version = 0;
    for (const value of values) {
      expect(await twin.store.putData(key, 'a/b.c', value, version)).toEqual({
        kind: 'stored',
        version: version + 1,
      });
      version += 1;
      expect(await twin.store.getData(key, 'a/b.c')).toEqual({ value, version });
    }
    expect(await twin.store.getData(key, 'other')).toBeNull();
  });

  it('is put only over the version that was read', async () => {
    const twin = open(lasting);
    const key = await begun(twin);
    expect(await twin.store.putData(key, 'cart', 'one', 1)).toEqual({ kind: 'conflict', version: 0 });
    expect(await twin.store.putData(key, 'cart', 'one', 0)).toEqual({ kind: 'stored', version: 1 });
    expect(await twin.store.putData(key, 'cart', 'two', 0)).toEqual({ kind: 'conflict', version: 1 });
    expect(await twin.store.putData(key, 'cart', 'two', 1)).toEqual({ kind: 'stored', version: 2 });
    expect(await twin.store.putData(key, 'cart', 'two', 0)).toEqual({ kind: 'conflict', version: 2 });
    expect(await twin.store.putData(key, 'cart', 'three', null)).toEqual({ kind: 'stored', version: 3 });
    expect(await twin.store.getData(key, 'cart')).toEqual({ value: 'three', version: 3 });
  });

  it('that is put again, because the answer was lost, has one effect', async () => {
    const twin = open(lasting);
    const key = await begun(twin);
    for (const expected of [0, 0, null, null])
      expect(await twin.store.putData(key, 'cart', 'one', expected)).toEqual({ kind: 'stored', version: 1 });
  });

  it('is deleted only over the version that was read, and is then not there', async () => {
    const twin = open(lasting);
    const key = await begun(twin);
    await twin.store.putData(key, 'cart', 'one', 0);
    await twin.store.putData(key, 'cart', 'two', 1);
    expect(await twin.store.deleteData(key, 'cart', 1)).toEqual({ kind: 'conflict', version: 2 });
    expect(await twin.store.deleteData(key, 'cart', 0)).toEqual({ kind: 'conflict', version: 2 });
    expect(await twin.store.getData(key, 'cart')).toEqual({ value: 'two', version: 2 });
    for (const repeat of [2, 2, null]) expect(await twin.store.deleteData(key, 'cart', repeat)).toEqual(deleted);
    expect(await twin.store.getData(key, 'cart')).toBeNull();
    expect(await twin.store.deleteData(key, 'never', null)).toEqual(deleted);
    expect(await twin.store.deleteData(newSession(), 'cart', null)).toEqual({ kind: 'gone' });
    await expect(twin.store.deleteData(key, 'a b', null)).rejects.toMatchObject({ code: 'bad-request' });
  });

  it('that is put again after it was deleted has a version that it never had', async () => {
    const twin = open(lasting);
    const key = await begun(twin);
    await twin.store.putData(key, 'cart', 'one', 0);
    await twin.store.putData(key, 'cart', 'two', 1);
    await twin.store.deleteData(key, 'cart', 2);
    for (const repeat of [0, 0])
      expect(await twin.store.putData(key, 'cart', 'new', repeat)).toEqual({ kind: 'stored', version: 3 });
    expect(await twin.store.putData(key, 'cart', 'late', 2)).toEqual({ kind: 'conflict', version: 3 });
    expect(await twin.store.deleteData(key, 'cart', 2)).toEqual({ kind: 'conflict', version: 3 });
    await twin.store.claim(claimOf(key, 2, B));
    expect(await twin.store.getData(key, 'cart')).toEqual({ value: 'new', version: 3 });
  });

  it('is listed by name with its versions and sizes', async () => {
    const twin = open(lasting);
    const key = await begun(twin);
    expect(await twin.store.listData(key)).toEqual([]);
    await twin.store.putData(key, 'z', 'ü', 0);
    await twin.store.putData(key, 'a/b', [1], 0);
    await twin.store.putData(key, 'a/b', [1, 2], 1);
    await twin.store.putData(key, 'gone', 1, 0);
    await twin.store.deleteData(key, 'gone', 1);
    expect(await twin.store.listData(key)).toEqual([
      { field: 'a/b', version: 2, bytes: 5 },
      { field: 'z', version: 1, bytes: 4 },
    ]);
    expect(await twin.store.listData(newSession())).toBeNull();
    expect(await twin.store.listData({ ...key, tenant: umbrella })).toBeNull();
  });

  it('is refused if its numbers would come back as others', async () => {
    const twin = open(lasting);
    const key = await begun(twin);
    for (const value of [Infinity, [2 ** 53], { a: -Infinity }, JSON.parse('1e400') as number])
      await expect(twin.store.putData(key, 'n', value, null)).rejects.toMatchObject({ code: 'bad-request' });
    expect(await twin.store.putData(key, 'n', 2 ** 53 - 1, 0)).toEqual({ kind: 'stored', version: 1 });
  });

  it('outlives a hand-over and a detach', async () => {
    const twin = open(lasting);
    const key = await begun(twin);
    await twin.store.putData(key, 'cart', 'one', 0);
    await twin.store.claim(claimOf(key, 2, B));
    await twin.store.detach(key, 2, B);
    expect(await twin.store.getData(key, 'cart')).toEqual({ value: 'one', version: 1 });
  });

  it('has bounds: 64 KiB a value, 64 fields, names', async () => {
    const twin = open(lasting);
    const key = await begun(twin);
    const largest = 'ü'.repeat(32_767);
    expect(await twin.store.putData(key, 'f1', largest, 0)).toEqual({ kind: 'stored', version: 1 });
    await expect(twin.store.putData(key, 'f2', `${largest}x`, 0)).rejects.toMatchObject({ code: 'too-big' });
    for (let field = 2; field <= 64; field += 1) await twin.store.putData(key, `f${field}`, field, 0);
    await expect(twin.store.putData(key, 'f65', 65, null)).rejects.toMatchObject({ code: 'too-big' });
    expect(await twin.store.putData(key, 'f64', 'again', 1)).toEqual({ kind: 'stored', version: 2 });
    for (const name of ['', 'a b', '../x', 'a\n', 'x'.repeat(129)]) {
      await expect(twin.store.putData(key, name, 1, null)).rejects.toMatchObject({ code: 'bad-request' });
      await expect(twin.store.getData(key, name)).rejects.toMatchObject({ code: 'bad-request' });
    }
  });
}
