/** What a credential allows on the streams that match. */
export type Permission = 'subscribe' | 'publish' | 'presence';

/** `stream` is an exact stream name, or a prefix with one trailing `*`. */
export interface Grant {
  readonly stream: string;
  readonly can: readonly Permission[];
}

/** By the grants alone: what needs none is known where it is known whose the stream is. */
export function mayUse(grants: readonly Grant[], stream: string, permission: Permission): boolean {
  return grants.some((grant) => grant.can.includes(permission) && matches(grant.stream, stream));
}

function matches(pattern: string, stream: string): boolean {
  return pattern.endsWith('*') ? stream.startsWith(pattern.slice(0, -1)) : pattern === stream;
}
