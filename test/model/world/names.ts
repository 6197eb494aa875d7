import type { Json } from '../../../src/protocol/frames.js';
import type { ClientNumber, LogName, SocketName } from './world.js';

export const CHANNEL = 'channel:c';

export const POD_NAMES = ['pod A', 'pod B'] as const;

/** A connection, as pods and Redis know it. */
export const socketName = (client: ClientNumber, connection: number): SocketName => `${client}-${connection}`;
export const connectionOf = (socket: SocketName): number => Number(socket.slice(2));

/** A member of a pod's stream is named by its socket and the count of its subscribes: `0-1#2`. */
export const memberName = (socket: SocketName, subscribes: number): string => `${socket}#${subscribes}`;
export const socketOf = (member: string): SocketName => member.slice(0, member.indexOf('#'));

/** `session` is the session's own. */
export const logOf = (stream: string, session: string): LogName =>
  stream === 'session' ? `session:${session}` : stream;

/** What a message says is its name. */
export const messageName = (data: Json): string => (typeof data === 'string' ? data : '');
