import type { EntryId } from '../protocol/ids.js';
import type { Entry } from './stream-log.js';

/** What append.lua publishes: `e` and a line for each entry, `<epoch> <offset> <id> <prev> <data>`; else null. */
export function parseLiveEntries(message: string): readonly Entry[] | null {
  return message.startsWith('e') ? message.slice(1).split('\n').map(parseLine) : null;
}

/** Nothing is checked here: an entry counts only if it follows one that is known, and no garbage names that one's id. */
function parseLine(line: string): Entry {
  const epochEnd = line.indexOf(' ');
  const offsetEnd = line.indexOf(' ', epochEnd + 1);
  const idEnd = line.indexOf(' ', offsetEnd + 1);
  const prevEnd = line.indexOf(' ', idEnd + 1);
  return {
    offset: Number(line.slice(epochEnd + 1, offsetEnd)),
    id: line.slice(offsetEnd + 1, idEnd) as EntryId,
    prev: line.slice(idEnd + 1, prevEnd) as EntryId,
    data: line.slice(prevEnd + 1),
  };
}

/** What append.lua publishes. */
export function liveMessage(epoch: EntryId, entries: readonly Entry[]): string {
  return `e${entries.map(({ offset, id, prev, data }) => `${epoch} ${offset} ${id} ${prev} ${data}`).join('\n')}`;
}
