import { recordsOf, type ClientHistory, type History } from './history.js';
import type { HappeningOf } from './records.js';
import type { Check, Violation } from './violation.js';

/** Clients' resets and forced closes are in the pods' own figures, too: what nobody counts nobody is called for. */
export const everyAnomalyIsCounted: Check = (history) => {
  const counts = new Map(history.counted.map((count) => [count.who, count]));
  return [...counts.values()].flatMap((count) => [
    ...uncountedResets(history, count),
    ...uncountedCloses(history, count),
  ]);
};

type Counted = HappeningOf<'counted'>;

/** Only resets that can't have come from another pod, of those that it could have counted until it was asked. */
function uncountedResets({ clients }: History, { who: pod, resets, atUs }: Counted): Violation[] {
  if (resets === null) return [];
  const seen = clients.flatMap((client) =>
    recordsOf(client, 'reset').filter((reset) => {
      const pods = podsAt(client, reset.atUs);
      return reset.atUs < atUs && pods.size === 1 && pods.has(pod);
    }),
  );
  return seen.length <= resets ? [] : [untold(pod, atUs, `${seen.length} resets, of which it counted ${resets}`)];
}

/** 1012 on a welcomed connection: its time to leave by hand-over was over. */
function uncountedCloses({ clients }: History, { who: pod, forced, atUs }: Counted): Violation[] {
  const seen = clients.flatMap((client) => {
    const welcomed = new Set(
      recordsOf(client, 'welcome').flatMap((welcome) => (welcome.pod === pod ? [welcome.attempt] : [])),
    );
    return recordsOf(client, 'close').filter((close) => close.code === 1012 && welcomed.has(close.attempt));
  });
  return seen.length <= forced
    ? []
    : [untold(pod, atUs, `${seen.length} closes by force, of which it counted ${forced}`)];
}

/** The pods to which the client had a connection just then. */
function podsAt(client: ClientHistory, atUs: number): ReadonlySet<string> {
  const closes = new Map(recordsOf(client, 'close').map((close) => [close.attempt, close.atUs]));
  const open = recordsOf(client, 'welcome').filter(
    (welcome) => welcome.atUs <= atUs && (closes.get(welcome.attempt) ?? Infinity) >= atUs,
  );
  return new Set(open.map(({ pod }) => pod));
}

const untold = (pod: string, atUs: number, what: string): Violation => ({
  broken: 'UNTOLD',
  who: pod,
  atUs,
  sentence: `clients of ${pod} saw ${what}`,
});
