import { Client } from './client.js';
import { settingsFrom, type ClientOptions } from './client-options.js';

export type { AllowedOrigins } from './endpoints.js';
export { ClientError, type ClientErrorName } from './client-error.js';
export type { Client, ClientEvents, ConnectionQuality, Moved } from './client.js';
export type { ClientOptions, TokenSource } from './client-options.js';
export type { ClientState } from './client-state.js';
export type { Observer, WireEvent } from './observer.js';
export type { Presence, PresenceEvents } from './presence.js';
export type { Lost, Published } from './publish-driver.js';
export type { SubscribeOptions } from './stream-driver.js';
export type { LocksLike, StorageLike } from './storage.js';
export type { DataOf, Message, MessageHandler, Reset, Subscription, SubscriptionEvents } from './subscription.js';
export type { WebSocketFactory, WebSocketLike } from './web-socket.js';
export type { Json, PresenceEntry } from '../protocol/frames.js';
export type { Position } from '../protocol/position.js';
export type { StreamName } from '../protocol/stream-name.js';

/**
 * Returns at once; `client.ready` says when it is connected. `Streams`, if it is given, has the types of the data by
 * stream, such as `connect<{ 'channel:chat': ChatMessage; user: Notice }>(…)`; a key may be a pattern
 * (`[room: `channel:room-${string}`]: RoomMessage`). They are types only: what comes isn't checked. Throws TypeError for
 * a URL that can't be connected to, RangeError for a `maxUnsettled` that the service can't keep.
 */
export function connect<Streams extends object = object>(options: ClientOptions): Client<Streams> {
  return new Client<Streams>(settingsFrom(options));
}
