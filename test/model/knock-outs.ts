import {
  EXPIRY,
  HAND_OVER,
  PUBLISHING,
  QUIET_PUBLISHER,
  REWOUND_MOVE,
  REWOUND_PUBLISHER,
  REWOUND_PUBLISHING,
  REWOUND_ROW,
  REWOUND_STREAM,
  TWO_MEMBERS,
} from './scopes.js';
import type { RuleName } from './world/rules.js';
import type { Scope } from './world/scope.js';

/** What happens in a scope from which rules of the design were taken out. */
export interface KnockOut {
  readonly without: readonly RuleName[];
  readonly scope: Scope;
  /** How the promise reads that is broken; null: the search finds that nothing breaks. */
  readonly breaks: RegExp | null;
}

const CONNECTED = { begins: 'connected', reconnects: 'at-once' } as const;

export const KNOCK_OUTS: readonly KnockOut[] = [
  {
    without: ['client-applies-only-the-next', 'pod-applies-only-the-next'],
    scope: REWOUND_STREAM,
    breaks: /after something else than what it follows/,
  },
  // A pod that is wrong alone is corrected by its clients, who compare for themselves.
  { without: ['pod-applies-only-the-next'], scope: { ...REWOUND_STREAM, sends: 2 }, breaks: null },
  { without: ['highest-attempt-owns'], scope: HAND_OVER, breaks: /attempt 1 owns the session of .* although 2 had it/ },
  { without: ['one-attempt-waits'], scope: HAND_OVER, breaks: /two attempts of client 0 wait/ },
  {
    without: ['a-resume-is-scheduled'],
    scope: { ...HAND_OVER, migrations: 0, kinds: ['cut'] },
    breaks: /for ever, client 0 is not connected/,
  },
  { without: ['jumps-are-told'], scope: REWOUND_PUBLISHING, breaks: /was told that a1 is in the log, where it is not/ },
  {
    without: ['only-the-newest-answers'],
    scope: {
      ...REWOUND_PUBLISHER,
      ...CONNECTED,
      plot: ['publishes a1', 'stops following; then', 'publishes a2', 'becomes the master', 'to move to pod B'],
    },
    breaks: /was told that a1 is in the log, where it is not/,
  },
  {
    without: ['newer-connection-takes-the-stream'],
    scope: {
      ...REWOUND_MOVE,
      ...CONNECTED,
      plot: ['stops following; then a backend sends m1', 'becomes the master', 'to move to pod B', 'm2'],
    },
    breaks: /client 0 is given m2 of channel:c twice/,
  },
  { without: ['settled-after-the-append'], scope: PUBLISHING, breaks: /a1 is acknowledged and was never in the log/ },
  { without: ['one-rule-for-claims'], scope: HAND_OVER, breaks: /client 0 stops although nobody else has its session/ },
  { without: ['rows-are-claimed-again'], scope: REWOUND_ROW, breaks: /the row of its session does not name its conn/ },
  { without: ['live-only-where-the-pod-is'], scope: TWO_MEMBERS, breaks: /is quiet and not at the end of channel:c/ },
  {
    without: ['nothing-from-before'],
    scope: { ...REWOUND_STREAM, sends: 2 },
    breaks: /is quiet and not at the end of channel:c/,
  },
  { without: ['the-sweep-keeps-the-top'], scope: EXPIRY, breaks: /is told that channel:c is lost, and nothing of it/ },
  { without: ['the-sweep-keeps-sequences'], scope: QUIET_PUBLISHER, breaks: /a1 is reported lost and is in the log/ },
];
