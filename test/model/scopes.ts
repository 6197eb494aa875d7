import type { Scope } from './world/scope.js';

const BASE: Scope = {
  name: '',
  clients: [[]],
  firstPods: [0, 0],
  publishes: [0, 0],
  sends: 0,
  sendsTo: 'channel:c',
  migrations: 0,
  begins: 'before-hello',
  reconnects: 'later',
  faults: 0,
  kinds: [],
  plot: [],
  plotted: 'everything',
  connections: 2,
  repeats: 'before-claims',
  without: [],
};

export const HAND_OVER: Scope = {
  ...BASE,
  name: 'a session moves from pod to pod',
  clients: [['session']],
  migrations: 1,
  faults: 1,
  kinds: ['crash', 'pause', 'break', 'delay', 'lose', 'cut', 'impatience'],
  connections: 3,
};

export const PUBLISHING: Scope = {
  ...BASE,
  name: 'a publisher moves from pod to pod',
  publishes: [2, 0],
  migrations: 1,
  faults: 1,
  kinds: ['crash', 'break', 'delay', 'cut', 'refuse'],
};

export const REWOUND_PUBLISHING: Scope = {
  ...BASE,
  name: 'Redis forgets what a publisher was told',
  publishes: [2, 0],
  faults: 1,
  kinds: ['failover'],
};

const LIVE: Scope = {
  ...BASE,
  name: 'a stream is joined and followed while messages come',
  clients: [['channel:c']],
  sends: 2,
  faults: 1,
  kinds: ['crash', 'break', 'lose', 'cut'],
};

export const REWOUND_STREAM: Scope = {
  ...BASE,
  name: 'the log that a client follows is rewound and grows again',
  clients: [['channel:c']],
  sends: 3,
  faults: 1,
  kinds: ['failover'],
};

export const EXPIRY: Scope = {
  ...BASE,
  name: 'hours pass',
  clients: [['channel:c']],
  publishes: [1, 0],
  faults: 2,
  kinds: ['expire-session', 'expire-publisher', 'expire-top', 'cut'],
};

export const REWOUND_MOVE: Scope = {
  ...BASE,
  name: 'the log is rewound while a client moves',
  clients: [['channel:c']],
  sends: 3,
  migrations: 1,
  faults: 1,
  kinds: ['failover'],
};

export const REWOUND_PUBLISHER: Scope = {
  ...BASE,
  name: 'Redis forgets while a publisher moves',
  publishes: [2, 0],
  migrations: 1,
  faults: 1,
  kinds: ['failover'],
};

export const TWO_MEMBERS: Scope = {
  ...BASE,
  name: 'two clients follow a stream on one pod',
  clients: [['channel:c'], ['channel:c']],
  sends: 2,
  faults: 0,
  kinds: ['lose'],
};

export const REWOUND_ROW: Scope = {
  ...BASE,
  name: 'Redis forgets who owns a session',
  migrations: 1,
  faults: 1,
  kinds: ['failover'],
  connections: 3,
};

const EXPIRED_SESSION: Scope = {
  ...BASE,
  name: 'a session expires while its client is away, and another one begins',
  clients: [['channel:c']],
  sends: 1,
  begins: 'connected',
  faults: 2,
  kinds: ['cut', 'expire-session'],
  connections: 4,
};

export const QUIET_PUBLISHER: Scope = {
  ...BASE,
  name: 'hours pass over a publisher',
  publishes: [2, 0],
  faults: 1,
  kinds: ['expire-publisher', 'expire-session'],
};

/** The service's main promise: nothing is missed, repeated or out of order while a client moves. */
const MOVE: Scope = {
  ...BASE,
  name: 'messages are published and received while a client moves',
  clients: [['channel:c']],
  publishes: [1, 0],
  sends: 1,
  migrations: 1,
  begins: 'connected',
};

const DISTURBED_MOVE: Scope = {
  ...BASE,
  name: 'messages are received while a move is disturbed',
  clients: [['channel:c']],
  sends: 2,
  migrations: 1,
  begins: 'connected',
  reconnects: 'at-once',
  faults: 1,
  kinds: ['crash', 'break', 'lose', 'cut'],
};

const TWO_CLIENTS: Scope = {
  ...BASE,
  name: 'two clients follow a channel, and one of them moves with its session to the pod of the other, who publishes',
  clients: [['session', 'channel:c'], ['channel:c']],
  firstPods: [0, 1],
  publishes: [0, 1],
  sends: 1,
  sendsTo: 'session',
  migrations: 1,
  begins: 'connected',
  reconnects: 'at-once',
  plot: ['asks client 0 to move', 'sends m1', 'publishes b1'],
};

/** A pod that was cut off still has a publish to repeat when the client has gone on elsewhere and Redis has forgotten. */
const REPEATS: Scope = {
  ...BASE,
  name: 'a cut off pod repeats what its client has sent elsewhere too',
  publishes: [1, 0],
  begins: 'connected',
  faults: 3,
  kinds: ['break', 'cut', 'failover'],
  plot: [
    'publishes a1',
    'of pod A to Redis break',
    'breaks for client 0',
    'stops following; then',
    'becomes the master',
  ],
  connections: 3,
};

const afterClaims = (scope: Scope): Scope => ({
  ...scope,
  name: `${scope.name}; repeats wait for the claims`,
  repeats: 'after-claims',
});

export const SCOPES: readonly Scope[] = [
  HAND_OVER,
  MOVE,
  DISTURBED_MOVE,
  TWO_CLIENTS,
  PUBLISHING,
  afterClaims(PUBLISHING),
  REWOUND_PUBLISHING,
  afterClaims(REWOUND_PUBLISHING),
  REPEATS,
  afterClaims(REPEATS),
  REWOUND_ROW,
  LIVE,
  TWO_MEMBERS,
  REWOUND_STREAM,
  EXPIRY,
  EXPIRED_SESSION,
  QUIET_PUBLISHER,
];

/** Hours rather than minutes: `BATON_MODEL=wide`. */
export const WIDE_SCOPES: readonly Scope[] = [
  ...SCOPES,
  { ...EXPIRY, publishes: [2, 0], connections: 3 },
  { ...PUBLISHING, connections: 3 },
  { ...TWO_CLIENTS, plotted: 'wishes', faults: 1, kinds: ['crash', 'break', 'lose', 'cut'] },
  {
    ...TWO_CLIENTS,
    name: 'two clients and a third message',
    sends: 2,
    plot: ['sends m1', 'asks client 0 to move', 'publishes b1', 'sends m2'],
  },
  REWOUND_PUBLISHER,
  { ...REWOUND_MOVE, begins: 'connected' },
  { ...HAND_OVER, name: 'a message comes while a session moves', sends: 1, sendsTo: 'session' },
  {
    ...BASE,
    name: 'two clients, a session stream, a channel',
    clients: [['session', 'channel:c'], ['channel:c']],
    firstPods: [0, 1],
    publishes: [0, 2],
    sends: 1,
    sendsTo: 'session',
    migrations: 1,
    begins: 'connected',
    faults: 1,
    kinds: ['crash', 'pause', 'break', 'delay', 'lose', 'cut', 'impatience', 'failover'],
  },
];
