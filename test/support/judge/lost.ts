import { mayBeRewound, recordsOf, type ClientHistory, type MessageFate } from './history.js';
import type { Check, Violation } from './violation.js';

/**
 * Every acknowledged message reached every application that had subscribed to its stream before it was sent, or that
 * application got a `reset` of the stream afterwards, which covers whatever was missed until then. Who had not got that far
 * when Redis was rewound can't notice, nor can a backend that sends no more: what was rewound isn't asked for.
 */
export const nothingAcknowledgedIsLost: Check = (history) => {
  const { clients, messages } = history;
  const acknowledged = new Map<string, MessageFate[]>();
  for (const message of messages.values()) {
    if (message.outcome !== 'acknowledged' || mayBeRewound(history, message)) continue;
    const ofStream = acknowledged.get(message.stream);
    if (ofStream === undefined) acknowledged.set(message.stream, [message]);
    else ofStream.push(message);
  }
  return clients.flatMap((client) => lostFor(client, acknowledged));
};

function lostFor(client: ClientHistory, acknowledged: ReadonlyMap<string, readonly MessageFate[]>): Violation[] {
  const received = new Set(recordsOf(client, 'receive').map(({ message }) => message.uid));
  const lastReset = new Map(recordsOf(client, 'reset').map(({ stream, atUs }) => [stream, atUs]));
  const lost: Violation[] = [];
  for (const [stream, sinceUs] of entitlements(client)) {
    const coveredUntilUs = lastReset.get(stream) ?? 0;
    for (const { uid, sentAtUs } of acknowledged.get(stream) ?? []) {
      if (sentAtUs <= sinceUs || sentAtUs <= coveredUntilUs || received.has(uid)) continue;
      const sentence = `${client.who} never got ${uid} of ${stream}, which was acknowledged`;
      lost.push({ broken: 'LOST', who: client.who, atUs: sentAtUs, sentence });
    }
  }
  return lost;
}

/** Since when the client has been entitled to each of its streams: its first subscription. */
function entitlements(client: ClientHistory): ReadonlyMap<string, number> {
  const since = new Map<string, number>();
  for (const { stream, atUs } of recordsOf(client, 'subscribed')) {
    if (!since.has(stream)) since.set(stream, atUs);
  }
  return since;
}
