import { recordsOf } from './history.js';
import type { Check } from './violation.js';

/** Nobody sees another tenant's marker. */
export const tenantsSeeOnlyTheirOwn: Check = ({ clients }) =>
  clients.flatMap((client) =>
    recordsOf(client, 'receive')
      .filter(({ message }) => message.tenant !== client.tenant)
      .map(({ message, stream, atUs }) => {
        const sentence = `${client.who} of ${client.tenant} got ${message.uid} of ${message.tenant} in ${stream}`;
        return { broken: 'FOREIGN', who: client.who, atUs, sentence } as const;
      }),
  );

/** What was refused for good reaches nobody. */
export const whatIsRefusedStaysOut: Check = ({ clients, messages }) =>
  clients.flatMap((client) =>
    recordsOf(client, 'receive')
      .filter(({ message }) => messages.get(message.uid)?.outcome === 'refused')
      .map(({ message, stream, atUs }) => {
        const sentence = `${client.who} got ${message.uid} of ${stream}, which had been refused`;
        return { broken: 'REFUSED BUT DELIVERED', who: client.who, atUs, sentence } as const;
      }),
  );
