import type { ClientHistory } from './history.js';
import type { HappeningOf } from './records.js';
import type { Check, Violation } from './violation.js';

/**
 * Offsets of a stream grow at an application until a `reset`, and so do the numbers of each publisher in it. Where Redis
 * was rewound its publishers send again what had no answer, below what had been delivered.
 */
export const nothingIsReordered: Check = ({ clients, rewinds }) => {
  const rewound = new Set(rewinds.map(({ stream }) => stream));
  return clients.flatMap((client) => reorderedFor(client, rewound));
};

function reorderedFor(client: ClientHistory, rewound: ReadonlySet<string>): Violation[] {
  const offsets = new Map<string, HappeningOf<'receive'>>();
  const numbers = new Map<string, number>();
  const forget = (stream: string) => {
    offsets.delete(stream);
    if (!rewound.has(stream) && !rewound.has('*')) return;
    for (const name of numbers.keys()) if (name.startsWith(`${stream} by `)) numbers.delete(name);
  };
  return client.records.flatMap((record) => {
    if (record.kind === 'reset') forget(record.stream);
    if (record.kind !== 'receive') return [];
    const { stream, offset, message, atUs } = record;
    const ofPublisher = `${stream} by ${message.publisher}`;
    const complaints = [
      ...complaintOf(record, 'offset', offset, offsets.get(stream)?.offset),
      ...forkOf(record, offsets.get(stream)),
      ...complaintOf(record, `number of ${message.publisher}`, message.seq, numbers.get(ofPublisher)),
    ];
    offsets.set(stream, record);
    numbers.set(ofPublisher, message.seq);
    return complaints.map((sentence) => ({ broken: 'REORDERED', who: client.who, atUs, sentence }) as const);
  });
}

/** Another entry in the place of the last one: the log is another, and nobody said so. */
function forkOf(now: HappeningOf<'receive'>, before: HappeningOf<'receive'> | undefined): string[] {
  if (before === undefined || now.offset !== before.offset || now.id === before.id) return [];
  return [`${now.who} got ${now.id} at offset ${now.offset} of ${now.stream}, after ${before.id} there`];
}

/** An equal number is a repeat, which has its own check. */
function complaintOf(record: HappeningOf<'receive'>, what: string, now: number, before: number | undefined): string[] {
  if (before === undefined || now >= before) return [];
  return [`${record.who} got ${what} ${now} of ${record.stream} after ${before}`];
}
