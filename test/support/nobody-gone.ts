import type { PodsGone } from '../../src/messaging/presence-rooms.js';

/** Every pod lives. */
export const nobodyGone: PodsGone = {
  ...{ start: () => undefined, stop: () => undefined },
  gone: () => Promise.resolve([]),
};
