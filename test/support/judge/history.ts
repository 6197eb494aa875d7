import type { HappeningOf, LogRecord } from './records.js';

/** What became of one numbered message, as its sender knows it. */
export interface MessageFate {
  readonly uid: string;
  readonly sender: string;
  readonly stream: string;
  readonly sentAtUs: number;
  /** When its sender heard of the acknowledgement; null before and without one. */
  readonly acknowledgedAtUs: number | null;
  /** When its sender heard that Redis had lost it; null if it didn't. */
  readonly reportedAtUs: number | null;
  readonly outcome: 'acknowledged' | 'refused' | 'unknown' | 'lost-by-redis';
}

export interface ClientHistory {
  readonly who: string;
  readonly tenant: string;
  /** In the order in which they happened. */
  readonly records: readonly LogRecord[];
}

export interface History {
  readonly clients: readonly ClientHistory[];
  readonly messages: ReadonlyMap<string, MessageFate>;
  /** Everybody's, also of those who are no clients: stragglers that try to get at a session. */
  readonly welcomes: readonly HappeningOf<'welcome'>[];
  /** What pods have counted, in the order in which it was asked. */
  readonly counted: readonly HappeningOf<'counted'>[];
  readonly leftovers: readonly HappeningOf<'left'>[];
  readonly rewinds: readonly HappeningOf<'rewound'>[];
  readonly takenBack: readonly HappeningOf<'taken-back'>[];
  /** Answers of the registry. */
  readonly registered: readonly HappeningOf<'registered'>[];
}

/** Puts the logs of all processes together; each log must be in its own order, the logs may come in any. */
export function historyOf(records: Iterable<LogRecord>): History {
  const byClient = new Map<string, { tenant: string; records: LogRecord[] }>();
  const messages = new Map<string, MessageFate>();
  const registered: HappeningOf<'registered'>[] = [];
  const welcomes: HappeningOf<'welcome'>[] = [];
  const counted: HappeningOf<'counted'>[] = [];
  const leftovers: HappeningOf<'left'>[] = [];
  const rewinds: HappeningOf<'rewound'>[] = [];
  const takenBack: HappeningOf<'taken-back'>[] = [];
  for (const record of records) {
    if (record.kind === 'started') byClient.set(record.who, { tenant: record.tenant, records: [] });
    if (record.kind === 'registered') registered.push(record);
    if (record.kind === 'welcome') welcomes.push(record);
    if (record.kind === 'counted') counted.push(record);
    if (record.kind === 'left') leftovers.push(record);
    if (record.kind === 'rewound') rewinds.push(record);
    if (record.kind === 'taken-back') takenBack.push(record);
    byClient.get(record.who)?.records.push(record);
    noteFate(messages, record);
  }
  const clients = [...byClient].map(([who, client]) => ({ who, ...client }));
  return { clients, messages, welcomes, counted, leftovers, rewinds, takenBack, registered };
}

function noteFate(messages: Map<string, MessageFate>, record: LogRecord): void {
  switch (record.kind) {
    case 'send': {
      const { uid, stream, who: sender, atUs: sentAtUs } = record;
      messages.set(uid, {
        uid,
        sender,
        stream,
        sentAtUs,
        acknowledgedAtUs: null,
        reportedAtUs: null,
        outcome: 'unknown',
      });
      return;
    }
    case 'acknowledged':
    case 'refused':
    case 'unknown':
    case 'lost-by-redis': {
      const before = messages.get(record.uid);
      if (before === undefined) return;
      const acknowledgedAtUs = record.kind === 'acknowledged' ? record.atUs : before.acknowledgedAtUs;
      const reportedAtUs = record.kind === 'lost-by-redis' ? record.atUs : before.reportedAtUs;
      messages.set(record.uid, { ...before, acknowledgedAtUs, reportedAtUs, outcome: record.kind });
      return;
    }
    default:
  }
}

export function recordsOf<Kind extends LogRecord['kind']>(client: ClientHistory, kind: Kind): HappeningOf<Kind>[] {
  return client.records.filter((record): record is HappeningOf<Kind> => record.kind === kind);
}

/** Redis itself has lost the message, or may have: it was under way or acknowledged in what was rewound. */
export function mayBeRewound({ rewinds }: History, message: MessageFate): boolean {
  const { stream, sentAtUs, acknowledgedAtUs } = message;
  return rewinds.some(
    (rewind) =>
      (rewind.stream === stream || rewind.stream === '*') &&
      sentAtUs <= rewind.atUs &&
      (acknowledgedAtUs ?? Infinity) >= rewind.sinceUs,
  );
}
