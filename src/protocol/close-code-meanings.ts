import type { CloseName } from './close-codes.js';

/** What each close code means, for people: the table in docs/protocol.md. */
export const closeCodeMeanings: Readonly<Record<CloseName, string>> = {
  done: 'after `bye`',
  goingAway: 'lost: the other side goes away',
  protocolError: 'protocol error',
  unsupportedData: 'binary frame',
  abnormal: 'lost without a close frame',
  badData: 'text is not UTF-8',
  tooManyPieces: 'a message in more than 64 fragments',
  tooBig: 'frame larger than 64 KiB',
  internal: 'the pod could not go on with this connection',
  drained: 'drain deadline, or a client without overlap',
  overloaded: 'overloaded',
  rebalanced: 'rebalanced without overlap',
  tooSlow: 'too slow even for the log: behind the window',
  sessionGone: 'session gone: expired or ended',
  helloTimeout: 'no `hello` in time',
  rateLimited: 'rate limit',
  moved: 'the session has moved; the reason is the attempt that won',
  badCredential: 'bad or expired credentials',
  suspended: 'tenant or account suspended',
  tenantQuota: 'tenant quota',
};
