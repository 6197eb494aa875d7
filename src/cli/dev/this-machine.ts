import type { IncomingMessage, Server } from 'node:http';

/** What a browser names a server of this machine; another name that leads here was made to do so (DNS rebinding). */
const LOOPBACK_HOST = /^(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/i;
const LOOPBACK_ORIGIN = /^https?:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/i;

type Knock = Pick<IncomingMessage, 'headers'>;

/**
 * Why this request isn't answered, or null. A WebSocket has no same-origin policy: it is refused to pages from elsewhere,
 * which every other request is by its missing CORS headers.
 */
export function refusalOf({ headers }: Knock, allowedOrigins: readonly string[]): string | null {
  const { host = '', origin, upgrade } = headers;
  if (!LOOPBACK_HOST.test(host)) return 'only for this machine';
  if (upgrade === undefined || origin === undefined) return null;
  return LOOPBACK_ORIGIN.test(origin) || allowedOrigins.includes(origin)
    ? null
    : 'only for pages of this machine; BATON_ALLOWED_ORIGINS names others';
}

type MayUpgrade = (request: IncomingMessage) => boolean;

/** What is refused stays a plain request, which the pages in front of the API answer with 403. */
export function refuseUpgrades(server: Server, allowedOrigins: readonly string[]): void {
  // The API sets its own rule after this; and nobody is connected before the next turn.
  server.once('listening', () => {
    // The published types know the option, not the property.
    const { shouldUpgradeCallback: before } = server as Server & { readonly shouldUpgradeCallback: MayUpgrade };
    const shouldUpgradeCallback: MayUpgrade = (request) =>
      refusalOf(request, allowedOrigins) === null && before.call(server, request);
    Object.assign(server, { shouldUpgradeCallback });
  });
}
