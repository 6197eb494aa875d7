import type { ClientHistory } from './history.js';
import type { Check, Violation } from './violation.js';

/** From one message of a stream to the next there is no offset in between that the application wasn't given, unless a `reset` said so. */
export const noGapIsSilent: Check = ({ clients }) => clients.flatMap(gapsOf);

function gapsOf(client: ClientHistory): Violation[] {
  const latest = new Map<string, number>();
  return client.records.flatMap((record) => {
    if (record.kind === 'reset') latest.delete(record.stream);
    if (record.kind !== 'receive') return [];
    const { stream, offset, atUs } = record;
    const before = latest.get(stream);
    latest.set(stream, offset);
    if (before === undefined || offset <= before + 1) return [];
    const sentence = `${client.who} got offset ${offset} of ${stream} right after ${before}`;
    return [{ broken: 'SILENT GAP', who: client.who, atUs, sentence } as const];
  });
}
