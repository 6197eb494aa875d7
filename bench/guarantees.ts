/** What a row of the table is worth: a figure without its promise compares nothing. */
export const guarantees = {
  baton:
    'every message is in a log in Redis before it is delivered or acknowledged; numbered, resumable on any pod, ' +
    'without gap, repeat or disorder',
  socketIo: 'at most once: what a client misses is gone; one process, nothing is stored',
  bareWs: 'a socket: no sessions, no names, nothing is stored',
  socketIoStreams:
    'appended to one stream in Redis for all rooms; the sender is acknowledged before that; at most once, without recovery',
  socketIoRecovery:
    'what was missed is looked for in one stream of all rooms (here kept long enough); the order of delivery, no numbers',
} as const;
