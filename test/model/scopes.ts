import type { Scope } from './world/scope.js';

const BASE: Scope = {
  name: '',
  clients: [[]],
  firstPods: [0, 0],
  publishes: [0, 0],
  sends: 0,
  sendsTo: 'channel:c',
  migrations: 0,
  faults: 0,
  kinds: [],
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
  kinds: ['crash', 'break', 'delay', 'lose', 'cut', 'impatience'],
  connections: 3,
};

export const PAUSE: Scope = {
  ...BASE,
  name: 'a pod stands still while a session moves',
  clients: [['session']],
  migrations: 1,
  faults: 1,
  kinds: ['pause'],
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

export const LIVE: Scope = {
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
  publishes: [2, 0],
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

export const SCOPES: readonly Scope[] = [
  HAND_OVER,
  PAUSE,
  PUBLISHING,
  REWOUND_PUBLISHING,
  LIVE,
  REWOUND_STREAM,
  EXPIRY,
];
