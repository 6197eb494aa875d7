import { recordsOf } from './history.js';
import type { Check } from './violation.js';

/** After its first `welcome` a client is always resumed, in the same session. */
export const everyClientResumes: Check = ({ clients }) =>
  clients.flatMap((client) => {
    const [first, ...later] = recordsOf(client, 'welcome');
    return later
      .filter(({ resumed, session }) => !resumed || session !== first?.session)
      .map(({ atUs, session, pod }) => {
        const sentence = `${client.who} began anew as ${session} on ${pod}, instead of resuming ${String(first?.session)}`;
        return { broken: 'NOT RESUMED', who: client.who, atUs, sentence } as const;
      });
  });

/** When all is quiet, every client is connected and nothing that it published is open. */
export const nobodyIsStranded: Check = ({ clients }) =>
  clients.flatMap((client) => {
    const end = recordsOf(client, 'ended').at(-1);
    if (end?.connected === true && end.unsettled === 0) return [];
    const how = end === undefined ? 'never came to an end' : connection(end.connected, end.unsettled);
    const atUs = end?.atUs ?? client.records.at(-1)?.atUs ?? 0;
    return [{ broken: 'STRANDED', who: client.who, atUs, sentence: `${client.who} ${how}` } as const];
  });

const connection = (connected: boolean, unsettled: number): string =>
  `ended ${connected ? 'connected' : 'without a connection'}, with ${unsettled} unsettled messages`;
