/** Bounds of the wire format itself; those that an operator may change are in the configuration. */
export const MAX_FRAME_BYTES = 65_536;
export const MAX_JSON_DEPTH = 32;
export const MAX_JSON_KEYS = 1_000;
/** seq, offset and attempt are below this, so that JSON numbers hold them exactly. */
export const MAX_NUMBER = Number.MAX_SAFE_INTEGER;
export const MAX_STREAMS_PER_SESSION = 128;
/**
 * Sequences that a publisher may have without an answer on one stream, marks included. Of so many the service knows
 * what it answered: an older one that was refused would be told to be in the log.
 */
export const MAX_UNANSWERED_SEQUENCES = 1_024;
/**
 * Streams that a session may have published to. The service keeps a sequence for each, and a client marks each after
 * every move: whoever answers more clients than that sends over HTTP.
 */
export const MAX_PUBLISHED_STREAMS = 4_096;
/** Sessions in one channel's presence: each hears of all others. */
export const MAX_PRESENT = 1_000;
/** A refused attempt goes on to another pod at most this often before a pod must take it or say `busy`. */
export const MAX_HOPS = 2;
/** JSON text of a message's data, so that the `message` frame around it stays within MAX_FRAME_BYTES. */
export const MAX_DATA_BYTES = MAX_FRAME_BYTES - 512;
