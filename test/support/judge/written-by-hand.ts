import { historyOf, type History } from './history.js';
import type { Happening, LogRecord } from './records.js';

/** A history written by hand: each happening is a millisecond after the one before. */
export class HandWritten {
  private readonly records: LogRecord[] = [];
  private atUs = 0;

  get nowUs(): number {
    return this.atUs;
  }

  note(who: string, happening: Happening): this {
    this.atUs += 1000;
    this.records.push({ atUs: this.atUs, who, ...happening });
    return this;
  }

  /** Connected and welcomed in `session-of-<who>`; attempts after the first resume. */
  welcomed(who: string, attempt = 1, pod = 'pod-1', session = `session-of-${who}`): this {
    if (attempt === 1) this.note(who, { kind: 'started', tenant: 'acme' });
    this.note(who, { kind: 'connect', attempt, url: 'ws://baton' });
    const resumed = attempt > 1;
    return this.note(who, { kind: 'welcome', attempt, session, resumed, pod, revision: 'r1' });
  }

  subscribed(who: string, stream: string): this {
    return this.note(who, { kind: 'subscribed', stream });
  }

  sent(
    uid: string,
    stream: string,
    outcome: 'acknowledged' | 'unknown' | 'lost-by-redis' = 'acknowledged',
    who = 'backend',
  ): this {
    return this.note(who, { kind: 'send', stream, uid }).note(who, { kind: outcome, uid });
  }

  /** `uid` ends in its number: it is that publisher's seq and by default the offset, too. */
  received(
    who: string,
    uid: string,
    stream: string,
    { offset = numberOf(uid), attempt = 1, tenant = 'acme', id = '' } = {},
  ): this {
    const message = { tenant, publisher: 'backend', seq: numberOf(uid), uid, sentAtUs: this.atUs };
    return this.note(who, { kind: 'receive', stream, offset, id: id || `entry-${offset}`, attempt, message });
  }

  closed(who: string, attempt: number, code = 4500): this {
    return this.note(who, { kind: 'close', attempt, code, reason: '' });
  }

  reset(who: string, stream: string): this {
    return this.note(who, { kind: 'reset', stream, reason: 'lost' });
  }

  ended(...clients: readonly string[]): this {
    for (const who of clients) this.note(who, { kind: 'ended', connected: true, unsettled: 0 });
    return this;
  }

  history(): History {
    return historyOf(this.records);
  }
}

function numberOf(uid: string): number {
  return Number(/\d+$/.exec(uid)?.[0] ?? 0);
}
