import { BatonError } from '../lib/baton-error.js';
import { randomId } from '../lib/random-id.js';
import { asPodId, asSessionId, asUserId, type PodId, type TenantId } from '../protocol/ids.js';
import type { RedisKeys } from '../redis/keys.js';
import type { RedisCommands, RedisReply } from '../redis/redis-ports.js';
import { eventLetters, typeOfLetter, type EventType } from './webhook-event.js';
import type {
  Due,
  DueEvent,
  DueLook,
  Enqueued,
  LedgerLimits,
  LookOutcome,
  Report,
  Settlement,
  WebhookLedger,
} from './webhook-ledger.js';

type Cell = string | number;
/** kind, session, id of its events, pod, user, version, events, left, delay */
type Step = readonly [Cell, Cell, Cell, Cell, Cell, Cell, Cell, Cell, Cell];

const NOBODY = '.';
const ORPHANS = 500;

/** A ledger in Redis: all keys of a tenant in one slot. */
export class RedisWebhookLedger implements WebhookLedger {
  constructor(
    private readonly redis: RedisCommands,
    private readonly keys: RedisKeys,
    private readonly limits: LedgerLimits,
    private readonly newId: () => string = randomId,
  ) {}

  report(tenant: TenantId, wanted: ReadonlySet<EventType>, reports: readonly Report[]): Promise<Enqueued> {
    const steps = reports.map((report): Step => {
      const { kind, session } = report;
      if (kind !== 'held') return [kind, session, '', '', '', '', '', '', ''];
      return [kind, session, this.nextId(), report.pod, report.user, '', '', '', ''];
    });
    return this.announce(tenant, wanted, steps);
  }

  conclude(tenant: TenantId, wanted: ReadonlySet<EventType>, outcomes: readonly LookOutcome[]): Promise<Enqueued> {
    const steps = outcomes.map(({ look, verdict }): Step => {
      const { session, version } = look;
      const letters = verdict.events.map((type) => eventLetters[type]).join('');
      const about: readonly [string, string, string] = ['looked', session, this.nextId()];
      if (verdict.next === null) return [...about, NOBODY, '', version, letters, 0, ''];
      const { pod, leftAtMs, afterMs } = verdict.next;
      return [...about, pod ?? NOBODY, '', version, letters, Math.round(leftAtMs), Math.round(afterMs)];
    });
    return this.announce(tenant, wanted, steps);
  }

  async take(tenant: TenantId, most: { readonly looks: number; readonly events: number }): Promise<Due> {
    const { lookLeaseMs, eventLeaseMs, ttlMs, longestLookMs, longestEventMs } = this.limits;
    const args = [most.looks, lookLeaseMs, most.events, eventLeaseMs, ttlMs, longestLookMs, longestEventMs];
    const reply = await this.redis.run({ script: 'webhook-take', keys: this.keysOf(tenant), args });
    const [now, looks, events, pods, queued, oldest] = listOf(reply);
    return {
      nowMs: Number(now),
      looks: pairsOf(looks).map(lookOf),
      events: pairsOf(events).map(eventOf),
      pods: listOf(pods ?? []).map((pod) => asPodId(String(pod))),
      queued: Number(queued),
      oldestAtMs: oldest === '' ? null : Number(oldest),
    };
  }

  async orphan(tenant: TenantId, pod: PodId): Promise<void> {
    const { looks, held } = this.keys.webhooks(tenant);
    const call = { script: 'webhook-orphans', keys: [looks, held], args: [pod, ORPHANS] } as const;
    while (Number(await this.redis.run(call)) >= ORPHANS);
  }

  async settle(tenant: TenantId, settlements: readonly Settlement[]): Promise<void> {
    const { queue, ages, events } = this.keys.webhooks(tenant);
    const args = settlements.flatMap(({ id, againAfterMs }) => [
      id,
      againAfterMs === null ? '' : Math.round(againAfterMs),
    ]);
    await this.redis.run({ script: 'webhook-settle', keys: [queue, ages, events], args });
  }

  private async announce(tenant: TenantId, wanted: ReadonlySet<EventType>, steps: readonly Step[]): Promise<Enqueued> {
    const { graceMs, patrolMs, mostEvents, ttlMs } = this.limits;
    const letters = [...wanted].map((type) => eventLetters[type]).join('');
    const args = [graceMs, patrolMs, mostEvents, ttlMs, letters, ...steps.flat()];
    const reply = listOf(await this.redis.run({ script: 'webhook-announce', keys: this.keysOf(tenant), args }));
    return { enqueued: Number(reply[0]), dropped: Number(reply[1]) };
  }

  private keysOf(tenant: TenantId): readonly string[] {
    const { announced, looks, held, queue, ages, events } = this.keys.webhooks(tenant);
    return [announced, looks, held, queue, ages, events];
  }

  /** Of the events of one step: the letter of each follows. */
  private nextId(): string {
    return `msg_${this.newId()}`;
  }
}

/** `<version> <state> <ended> <told> <left> <pod> <user>` */
function lookOf([session, record]: readonly [string, string]): DueLook {
  const [version, state, ended, , left, pod = NOBODY] = record.split(' ');
  return {
    session: asSessionId(session),
    version: Number(version),
    state: state === 'c' ? 'connected' : state === 'd' ? 'disconnected' : 'over',
    ended: ended === '1',
    leftAtMs: Number(left),
    pod: pod === NOBODY ? null : asPodId(pod),
  };
}

/** `<tries> <letter> <told> <session> <user>` */
function eventOf([id, record]: readonly [string, string]): DueEvent {
  const [tries, letter = '', told, session = '', user = ''] = record.split(' ');
  const type = typeOfLetter(letter);
  if (type === null) throw new BatonError('internal', `a webhook has the letter ${letter}`);
  return {
    ...{ id, type, tries: Number(tries), atMs: Number(told) },
    ...{ session: asSessionId(session), user: asUserId(user) },
  };
}

function listOf(reply: RedisReply): readonly RedisReply[] {
  if (typeof reply === 'object' && reply !== null) return reply;
  throw new BatonError('internal', `webhooks were answered ${JSON.stringify(reply)}`);
}

function pairsOf(reply: RedisReply | undefined): readonly (readonly [string, string])[] {
  const texts = listOf(reply ?? []).map(String);
  return texts.flatMap((text, at) => (at % 2 === 0 ? [[text, texts[at + 1] ?? ''] as const] : []));
}
