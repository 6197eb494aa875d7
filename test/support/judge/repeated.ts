import { recordsOf, type ClientHistory } from './history.js';
import type { Check, Violation } from './violation.js';

/** No application is given a message twice. */
export const nothingIsRepeated: Check = ({ clients }) => clients.flatMap(repeatedFor);

function repeatedFor(client: ClientHistory): Violation[] {
  const seen = new Set<string>();
  return recordsOf(client, 'receive').flatMap(({ message: { uid }, stream, offset, atUs }) => {
    if (!seen.has(uid)) {
      seen.add(uid);
      return [];
    }
    const sentence = `${client.who} got ${uid} of ${stream} again, at offset ${offset}`;
    return [{ broken: 'REPEATED', who: client.who, atUs, sentence } as const];
  });
}

/** Whatever its outcome, a message has at most one entry in its log, even if no single application saw two. */
export const nothingIsWrittenTwice: Check = ({ clients }) => {
  const entries = new Map<string, string>();
  const violations: Violation[] = [];
  for (const client of clients) {
    for (const { message, stream, id, atUs } of recordsOf(client, 'receive')) {
      const first = entries.get(message.uid);
      if (first === undefined) entries.set(message.uid, id);
      else if (first !== id) {
        const sentence = `${message.uid} is in ${stream} as entry ${first} and as entry ${id}`;
        violations.push({ broken: 'REPEATED', who: client.who, atUs, sentence });
      }
    }
  }
  return violations;
};
