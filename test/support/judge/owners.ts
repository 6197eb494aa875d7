import { recordsOf, type ClientHistory, type History } from './history.js';
import type { HappeningOf } from './records.js';
import type { Check, Violation } from './violation.js';

/** The highest attempt owns the session, attempts only grow, and nobody else holds it. */
export const eachSessionHasOneOwner: Check = (history) => [
  ...history.clients.flatMap(shrunkenAttempts),
  ...welcomesBelowTheOwner(history),
  ...history.clients.flatMap(deliveriesFromBefore),
  ...wronglyRegistered(history),
];

function shrunkenAttempts(client: ClientHistory): Violation[] {
  let highest = 0;
  return recordsOf(client, 'connect').flatMap(({ attempt, atUs }) => {
    const before = highest;
    highest = Math.max(highest, attempt);
    // Attempt 1 stays 1 until there is a session to count for.
    if (attempt > before || attempt === 1) return [];
    return [violation(client.who, atUs, `${client.who} opened attempt ${attempt} after ${before}`)];
  });
}

/** Per session, over all who were ever welcomed in it: a lower attempt after a higher one, or a second client. */
function welcomesBelowTheOwner({ welcomes }: History): Violation[] {
  const owners = new Map<string, HappeningOf<'welcome'>>();
  return [...welcomes]
    .sort((a, b) => a.atUs - b.atUs)
    .flatMap((welcome) => {
      const { session, attempt, who, pod, atUs } = welcome;
      const owner = owners.get(session);
      if (owner === undefined || (attempt > owner.attempt && who === owner.who)) {
        owners.set(session, welcome);
        return [];
      }
      const held = `attempt ${owner.attempt} of ${owner.who} on ${owner.pod} held it`;
      return [violation(who, atUs, `attempt ${attempt} of ${who} was welcomed in ${session} on ${pod} while ${held}`)];
    });
}

/** Once an application was given something by a newer connection, an older one gives it nothing of that stream. */
function deliveriesFromBefore(client: ClientHistory): Violation[] {
  const newest = new Map<string, number>();
  return recordsOf(client, 'receive').flatMap(({ stream, attempt, offset, atUs }) => {
    const before = newest.get(stream) ?? 0;
    newest.set(stream, Math.max(before, attempt));
    if (attempt >= before) return [];
    const sentence = `${client.who} was given offset ${offset} of ${stream} by attempt ${attempt} after attempt ${before}`;
    return [violation(client.who, atUs, sentence)];
  });
}

/** The registry names the attempt of the newest welcome until then. */
function wronglyRegistered({ clients, registered }: History): Violation[] {
  const welcomes = new Map<string, HappeningOf<'welcome'>[]>();
  for (const welcome of clients.flatMap((client) => recordsOf(client, 'welcome'))) {
    const ofSession = welcomes.get(welcome.session);
    if (ofSession === undefined) welcomes.set(welcome.session, [welcome]);
    else ofSession.push(welcome);
  }
  return registered.flatMap(({ session, attempt, connected, atUs, who }) => {
    const until = welcomes.get(session)?.filter((welcome) => welcome.atUs <= atUs) ?? [];
    const owner = until.sort((a, b) => a.attempt - b.attempt).at(-1);
    if (owner === undefined || (connected && owner.attempt === attempt)) return [];
    const said = `the registry says attempt ${attempt}, ${connected ? 'connected' : 'not connected'}`;
    return [violation(who, atUs, `attempt ${owner.attempt} of ${owner.who} holds ${session}, but ${said}`)];
  });
}

function violation(who: string, atUs: number, sentence: string): Violation {
  return { broken: 'TWO OWNERS', who, atUs, sentence };
}
