import { isStreamName, type StreamName } from '../protocol/stream-name.js';
import { UsageError } from './command.js';

export const STREAM_SHAPE = 'channel:<name>, user:<id>, session:<id> or tenant';

/** A stream as a backend names it, which has neither a session nor a user of its own. */
export function streamArgument(value: string | undefined): StreamName {
  if (isStreamName(value) && value !== 'session' && value !== 'user') return value;
  throw new UsageError(`the stream must be ${STREAM_SHAPE}`);
}
