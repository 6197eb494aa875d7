import { MAX_FRAME_BYTES } from '../protocol/bounds.js';
import { bytes, whole, type Option } from './option.js';

/** Rates: so many a second, and twice as many at once. */
export interface LimitsConfig {
  /** Of one connection, frames of WebSocket itself included. */
  readonly messagesPerSecond: number;
  readonly bytesPerSecond: number;
  /** `subscribe`, `presence` and `token` of one connection. */
  readonly subscribesPerSecond: number;
  /** Streams that one connection subscribes to, or begins to publish to. */
  readonly newStreamsPerSecond: number;
  /** Of one pod: those that prove who they are; and as many whose token is verified. */
  readonly hellosPerSecond: number;
  /** `hello`s of one pod that wait for their `welcome`. */
  readonly handshakes: number;
}

const RATE = { min: 1, max: 1_000_000 };

export const limits: { readonly [Field in keyof LimitsConfig]: Option<LimitsConfig[Field]> } = {
  messagesPerSecond: whole(
    {
      key: 'BATON_MESSAGES_PER_SECOND',
      fallback: 10_000,
      description: 'Frames that one connection may send; then `rate-limited`. Here and below twice as many at once.',
    },
    RATE,
  ),
  bytesPerSecond: bytes(
    {
      key: 'BATON_BYTES_PER_SECOND',
      fallback: 16_777_216,
      description: 'Bytes that one connection may send in them.',
    },
    { min: MAX_FRAME_BYTES, max: 1_073_741_824 },
  ),
  subscribesPerSecond: whole(
    {
      key: 'BATON_SUBSCRIBES_PER_SECOND',
      fallback: 128,
      description: '`subscribe`, `presence` and `token` frames that one connection may send.',
    },
    RATE,
  ),
  newStreamsPerSecond: whole(
    {
      key: 'BATON_NEW_STREAMS_PER_SECOND',
      fallback: 128,
      description: 'Streams that one connection may subscribe to, or begin to publish to: each costs memory in Redis.',
    },
    RATE,
  ),
  hellosPerSecond: whole(
    {
      key: 'BATON_HELLOS_PER_SECOND',
      fallback: 2_000,
      description:
        'Right `hello` frames that a pod takes, and as many with a token that it verifies; the rest: `busy`.',
    },
    RATE,
  ),
  handshakes: whole(
    {
      key: 'BATON_HANDSHAKES',
      fallback: 1_000,
      description: '`hello` frames that may wait for their `welcome` at once, while Redis is slow; the rest: `busy`.',
    },
    RATE,
  ),
};
