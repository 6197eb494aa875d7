import type { Redis } from 'ioredis';
import { asPodId } from '../../../src/protocol/ids.js';
import type { RedisKeys } from '../../../src/redis/keys.js';
import type { RedisCommands } from '../../../src/redis/redis-ports.js';
import type { SessionKey } from '../../../src/sessions/session-store.js';
import { RedisWebhookLedger } from '../../../src/webhooks/redis-webhook-ledger.js';
import { eventTypes } from '../../../src/webhooks/webhook-event.js';
import { ann } from '../sessions/claims.js';

/** What these cases need of a corner of Redis. */
interface Place {
  readonly redis: RedisCommands;
  readonly keys: RedisKeys;
  readonly raw: Redis;
  readonly key: SessionKey;
}

const limits = {
  ...{ graceMs: 60_000, patrolMs: 60_000, mostEvents: 10 },
  ...{ lookLeaseMs: 60_000, eventLeaseMs: 60_000, ttlMs: 60_000, longestLookMs: 60_000, longestEventMs: 60_000 },
};
const all = new Set(eventTypes);
const pod = asPodId('pod');
const ledgerOf = ({ redis, keys }: Place) => new RedisWebhookLedger(redis, keys, limits, () => 'id');

const hold = async (corner: Place) => {
  const { session } = corner.key;
  return ledgerOf(corner).report(corner.key.tenant, all, [{ kind: 'held', session, user: ann, pod }]);
};
const take = async (corner: Place) => ledgerOf(corner).take(corner.key.tenant, { looks: 10, events: 10 });
const counts = async (corner: Place) => {
  const { queue, ages, events, held } = corner.keys.webhooks(corner.key.tenant);
  const { raw } = corner;
  return [await raw.zcard(queue), await raw.zcard(ages), await raw.hlen(events), await raw.zcard(held)];
};

/** As the cases of all other scripts. */
export const webhookCases = {
  'webhook-announce': {
    call: hold,
    // The repeat finds that it was told.
    answer: { enqueued: 0, dropped: 0 },
    effect: counts,
    expected: [1, 1, 1, 1],
  },
  'webhook-take': {
    prepare: hold,
    call: take,
    // What was given out without an answer is given out again after its lease.
    answer: { events: [], pods: [pod], queued: 1 },
    effect: counts,
    expected: [1, 1, 1, 1],
  },
  'webhook-orphans': {
    prepare: hold,
    call: (corner: Place) => ledgerOf(corner).orphan(corner.key.tenant, pod),
    answer: undefined,
    effect: async (corner: Place) => (await take(corner)).looks.map(({ session }) => session === corner.key.session),
    expected: [true],
  },
  'webhook-settle': {
    prepare: hold,
    call: (corner: Place) => ledgerOf(corner).settle(corner.key.tenant, [{ id: 'msg_idc', againAfterMs: null }]),
    answer: undefined,
    effect: counts,
    expected: [0, 0, 0, 1],
  },
};
