import { asEntryId } from '../protocol/ids.js';
import type { Entry } from './stream-log.js';

export interface LiveEntries {
  /** The log's own id: another one than before means another log, whatever the offsets say. */
  readonly epoch: string;
  readonly entries: readonly Entry[];
}

/** What append.lua publishes: `e` and a line for each entry, `<epoch> <offset> <id> <prev> <data>`; else null. */
export function parseLiveEntries(message: string): LiveEntries | null {
  if (!message.startsWith('e')) return null;
  return { epoch: message.slice(1, message.indexOf(' ')), entries: message.slice(1).split('\n').map(parseLine) };
}

function parseLine(line: string): Entry {
  const epochEnd = line.indexOf(' ');
  const offsetEnd = line.indexOf(' ', epochEnd + 1);
  const idEnd = line.indexOf(' ', offsetEnd + 1);
  const prevEnd = line.indexOf(' ', idEnd + 1);
  return {
    offset: Number(line.slice(epochEnd + 1, offsetEnd)),
    id: asEntryId(line.slice(offsetEnd + 1, idEnd)),
    prev: asEntryId(line.slice(idEnd + 1, prevEnd)),
    data: line.slice(prevEnd + 1),
  };
}
