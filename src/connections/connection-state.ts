/**
 * The life of one socket. `leaving`: the session has moved to a higher attempt; what Redis sends still goes out for a
 * moment, publishes are no longer taken. `closing`: a close frame is on its way.
 */
export type ConnectionState = 'awaiting-hello' | 'claiming' | 'open' | 'leaving' | 'closing' | 'closed';
export type ConnectionEvent = 'hello' | 'welcome' | 'superseded' | 'close' | 'closed';

const table: Readonly<Record<ConnectionState, Partial<Readonly<Record<ConnectionEvent, ConnectionState>>>>> = {
  'awaiting-hello': { hello: 'claiming', close: 'closing', closed: 'closed' },
  claiming: { welcome: 'open', close: 'closing', closed: 'closed' },
  open: { superseded: 'leaving', close: 'closing', closed: 'closed' },
  leaving: { close: 'closing', closed: 'closed' },
  closing: { closed: 'closed' },
  closed: {},
};

/** Total: an event that means nothing in a state leaves it. */
export function nextState(state: ConnectionState, event: ConnectionEvent): ConnectionState {
  return table[state][event] ?? state;
}
