import { recordsOf, type ClientHistory, type MessageFate } from './history.js';
import type { HappeningOf } from './records.js';
import type { Check } from './violation.js';

/**
 * Whoever got an acknowledgement for what Redis was rewound over is told so, whether or not somebody had received it: the
 * publisher's sequence was rewound with the log. Not asked of backends, which nobody tells, nor for a session that ended.
 */
export const whatRedisLostIsReported: Check = ({ clients, messages, takenBack }) => {
  const byName = new Map(clients.map((client) => [client.who, client]));
  const unaware = [...messages.values()].filter((message) => message.outcome === 'acknowledged');
  return takenBack.flatMap((rewind) =>
    unaware.flatMap((message) => {
      const sender = byName.get(message.sender);
      if (sender === undefined || !isGone(message, rewind) || beganAnew(sender, message.sentAtUs)) return [];
      const sentence = `${sender.who} was never told that ${message.uid} of ${message.stream} is gone`;
      return [{ broken: 'UNREPORTED', who: sender.who, atUs: message.sentAtUs, sentence } as const];
    }),
  );
};

const isGone = ({ stream, sentAtUs, acknowledgedAtUs }: MessageFate, rewind: HappeningOf<'taken-back'>): boolean =>
  stream === rewind.stream && sentAtUs > rewind.fromUs && (acknowledgedAtUs ?? Infinity) < rewind.untilUs;

/** Its sequences went with its session. */
const beganAnew = (client: ClientHistory, sinceUs: number): boolean =>
  recordsOf(client, 'close').some(({ atUs, code }) => code === 4010 && atUs > sinceUs);
