/**
 * Branded identifiers. A string becomes one only through its `parse…` function (input from outside) or its `as…`
 * function (a value that this system made itself).
 */
declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

export type TenantId = Branded<'TenantId'>;
export type UserId = Branded<'UserId'>;
export type SessionId = Branded<'SessionId'>;
export type ChannelName = Branded<'ChannelName'>;
/** Random per client instance; the server's key is `<session>/<publisher>`. */
export type PublisherId = Branded<'PublisherId'>;
/** Unique per append to a log. The id at offset 0 is the log's own (its epoch). */
export type EntryId = Branded<'EntryId'>;
/** One WebSocket connection on one pod, unique for ever. */
export type ConnectionId = Branded<'ConnectionId'>;
/** One life of one pod's process. */
export type PodId = Branded<'PodId'>;

/** Tenants, users and channels: no braces, no glob characters, no whitespace, so that no name can leave its Redis key. */
export const NAME_PATTERN = '(?!.*(?:\\.\\.|//))[A-Za-z0-9][\\w./-]{0,127}';
/** Ids that this system or a client makes: at most 32 characters, no `/`, which separates session and publisher. */
export const ID_PATTERN = '[\\w-]{1,32}';
const NAME = new RegExp(`^${NAME_PATTERN}$`);
const ID = new RegExp(`^${ID_PATTERN}$`);
/** Tenants have no `/`: it separates the parts of a hash tag. */
const TENANT = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
/** The user of an API key's sessions. No name has a colon, so that no token can be made for one. */
const KEY_USER = /^key:([\w-]{1,32})$/;

export const isName = (text: unknown): text is string => typeof text === 'string' && NAME.test(text);
export const isId = (text: unknown): text is string => typeof text === 'string' && ID.test(text);
export const isTenantId = (text: unknown): text is TenantId =>
  typeof text === 'string' && TENANT.test(text) && !text.includes('..');
/** Whom a token may speak for. */
export const isTokenUser = (text: unknown): text is UserId => isName(text);
/** Whom a session may belong to: also an API key. */
export const isUserId = (text: unknown): text is UserId =>
  isName(text) || (typeof text === 'string' && KEY_USER.test(text));
export const isChannelName = (text: unknown): text is ChannelName => isName(text);
export const isSessionId = (text: unknown): text is SessionId => isId(text);
export const isPublisherId = (text: unknown): text is PublisherId => isId(text);
export const isEntryId = (text: unknown): text is EntryId => isId(text);

export const asTenantId = (text: string): TenantId => check(isTenantId(text), 'tenant', text) as TenantId;
export const asUserId = (text: string): UserId => check(isUserId(text), 'user', text) as UserId;
export const asSessionId = (text: string): SessionId => check(isSessionId(text), 'session', text) as SessionId;
export const asChannelName = (text: string): ChannelName => check(isChannelName(text), 'channel', text) as ChannelName;
export const asPublisherId = (text: string): PublisherId => check(isId(text), 'publisher', text) as PublisherId;
export const asEntryId = (text: string): EntryId => check(isId(text), 'entry', text) as EntryId;
export const asConnectionId = (text: string): ConnectionId => check(isId(text), 'connection', text) as ConnectionId;
export const asPodId = (text: string): PodId => check(isId(text), 'pod', text) as PodId;

export const userOfKey = (keyId: string): UserId => asUserId(`key:${keyId}`);
/** Null for the users of tokens. */
export const keyOfUser = (user: UserId): string | null => KEY_USER.exec(user)?.[1] ?? null;

function check(valid: boolean, kind: string, text: string): string {
  if (!valid) throw new TypeError(`not a valid ${kind} id: ${JSON.stringify(text.slice(0, 40))}`);
  return text;
}
