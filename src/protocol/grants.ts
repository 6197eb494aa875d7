/** What a credential allows on the streams that match. */
export type Permission = 'subscribe' | 'publish' | 'presence';

/** `stream` is an exact stream name, or a prefix with one trailing `*`. */
export interface Grant {
  readonly stream: string;
  readonly can: readonly Permission[];
}

/** Streams that everybody may subscribe to without a grant: they are the subscriber's own. */
const OWN: ReadonlySet<string> = new Set(['session', 'user', 'tenant']);

export function mayUse(grants: readonly Grant[], stream: string, permission: Permission): boolean {
  if (permission === 'subscribe' && OWN.has(stream)) return true;
  return grants.some((grant) => grant.can.includes(permission) && matches(grant.stream, stream));
}

function matches(pattern: string, stream: string): boolean {
  return pattern.endsWith('*') ? stream.startsWith(pattern.slice(0, -1)) : pattern === stream;
}
