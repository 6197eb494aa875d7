import type { Scope } from './world/scope.js';

const BASE: Scope = {
  name: '',
  clients: [['session']],
  publishes: [0, 0],
  sends: 0,
  sendsTo: 'session',
  migrations: 0,
  faults: 0,
  kinds: [],
  connections: 3,
  repeats: 'before-claims',
  without: null,
};

export const HAND_OVER: Scope = {
  ...BASE,
  name: 'a session moves from pod to pod',
  sends: 1,
  migrations: 1,
  faults: 1,
  kinds: ['crash', 'pause', 'break', 'delay', 'lose', 'cut', 'impatience'],
};

export const SCOPES: readonly Scope[] = [
  { ...HAND_OVER, sends: 0, kinds: ['crash', 'break', 'delay', 'lose', 'cut', 'impatience'] },
];
