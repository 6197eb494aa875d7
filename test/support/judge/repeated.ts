import { mayBeRewound, recordsOf, type ClientHistory, type History } from './history.js';
import type { Check, Violation } from './violation.js';

/** No application is given a message twice. */
export const nothingIsRepeated: Check = (history) =>
  history.clients.flatMap((client) => repeatedFor(client, (uid) => isRewound(history, uid)));

/** With a rewound log the memory of the publish is gone, too: sent again it arrives again, but not without a `reset` before. */
function repeatedFor(client: ClientHistory, isRewound: (uid: string) => boolean): Violation[] {
  const seen = new Map<string, number>();
  const resets = new Map<string, number>();
  return client.records.flatMap((record) => {
    if (record.kind === 'reset') resets.set(record.stream, record.atUs);
    if (record.kind !== 'receive') return [];
    const { message, stream, offset, atUs } = record;
    const before = seen.get(message.uid);
    seen.set(message.uid, atUs);
    if (before === undefined) return [];
    if (isRewound(message.uid) && (resets.get(stream) ?? 0) > before) return [];
    const sentence = `${client.who} got ${message.uid} of ${stream} again, at offset ${offset}`;
    return [{ broken: 'REPEATED', who: client.who, atUs, sentence } as const];
  });
}

/** Whatever its outcome, a message has at most one entry in its log, even if no single application saw two. */
export const nothingIsWrittenTwice: Check = (history) => {
  const entries = new Map<string, string>();
  const violations: Violation[] = [];
  for (const client of history.clients) {
    for (const { message, stream, id, atUs } of recordsOf(client, 'receive')) {
      const first = entries.get(message.uid);
      if (first === undefined) entries.set(message.uid, id);
      else if (first !== id && !isRewound(history, message.uid)) {
        const sentence = `${message.uid} is in ${stream} as entry ${first} and as entry ${id}`;
        violations.push({ broken: 'REPEATED', who: client.who, atUs, sentence });
      }
    }
  }
  return violations;
};

function isRewound(history: History, uid: string): boolean {
  const message = history.messages.get(uid);
  return message !== undefined && mayBeRewound(history, message);
}
