import type { HostPort } from '../config/redis-config.js';
import { BatonError } from '../lib/baton-error.js';

/**
 * What Redis says when the command is right and the moment is wrong: a replica that was promoted or isn't yet, a master that
 * was replaced while it waited for replicas (UNBLOCKED), a restart, a full disk or memory, a script that runs too long, an
 * ACL or password in rotation, bytes that were lost on the way.
 */
const NOT_NOW =
  /(^|-)(READONLY|LOADING|MASTERDOWN|UNBLOCKED|BUSY|MISCONF|OOM|NOREPLICAS|CLUSTERDOWN|TRYAGAIN|MOVED|ASK|NOAUTH|WRONGPASS|NOPERM)\b|max number of clients|Protocol error|WAIT cannot be used with replica/;

/** After these the connection leads to a server that can't serve: another one may have taken its name or address. */
const WRONG_SERVER = /(^|-)(READONLY|LOADING|MASTERDOWN|UNBLOCKED)\b/;

export function saysWrongServer(error: unknown): error is Error {
  return isReply(error) && WRONG_SERVER.test(error.message);
}

/** The library's own words. */
export function saysTimedOut(error: unknown): boolean {
  return error instanceof Error && error.message === 'Command timed out';
}

export function saysNoScript(error: unknown): boolean {
  return isReply(error) && error.message.startsWith('NOSCRIPT');
}

export function saysMoved(error: unknown): boolean {
  return redirectionOf(error)?.kind === 'moved';
}

/** Where a node of a cluster sends us; nothing was executed. */
export interface Redirection {
  readonly kind: 'moved' | 'ask';
  /** An empty host: the one that was asked, under another port. */
  readonly place: HostPort;
}

const REDIRECTION = /^(?:ERR )?(MOVED|ASK) \d+ (\S*):(\d+)/;

export function redirectionOf(error: unknown): Redirection | null {
  if (!isReply(error)) return null;
  const [, kind, host = '', port] = REDIRECTION.exec(error.message) ?? [];
  if (kind === undefined) return null;
  return { kind: kind === 'MOVED' ? 'moved' : 'ask', place: { host, port: Number(port) } };
}

/**
 * `unavailable` for everything that a repeat may cure; a complaint of Redis about the command itself is our fault, hence
 * `internal`. Never a "not found": a lost connection says nothing about what is there.
 */
export function toBatonError(cause: unknown): BatonError {
  if (cause instanceof BatonError) return cause;
  if (isReply(cause) && !NOT_NOW.test(cause.message)) return new BatonError('internal', undefined, { cause });
  return new BatonError('unavailable', undefined, { cause });
}

export function isReply(error: unknown): error is Error {
  return error instanceof Error && error.name === 'ReplyError';
}
