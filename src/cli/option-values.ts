import { grantsSchema } from '../auth/grant-schema.js';
import type { Grant } from '../protocol/grants.js';
import { isId, isTenantId, isTokenUser, isUserId, type TenantId, type UserId } from '../protocol/ids.js';
import { UsageError } from './command.js';

export function tenantOption(value: string | undefined): TenantId {
  if (!isTenantId(value)) throw new UsageError('--tenant must be a tenant id: letters, digits, . _ -, at most 64');
  return value;
}

export function userOption(value: string | undefined): UserId {
  if (!isTokenUser(value)) throw new UsageError('--user must be a user id: letters, digits, . _ / -, at most 128');
  return value;
}

/** Also the user of an API key's own sessions. */
export function anyUserOption(value: string): UserId {
  if (!isUserId(value)) throw new UsageError('--user must be a user id, or key:<id of an API key>');
  return value;
}

/** `<stream>=<permission>,<permission>`, as often as wanted. */
export function grantOptions(values: readonly string[] = []): readonly Grant[] {
  const parsed = grantsSchema.safeParse(
    values.map((value) => {
      const equals = value.lastIndexOf('=');
      return { stream: value.slice(0, Math.max(0, equals)), can: value.slice(equals + 1).split(',') };
    }),
  );
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const which = values[Number(issue?.path[0])];
  throw new UsageError(`--grant ${which ?? ''}: ${issue?.message ?? ''}; for example channel:room-*=subscribe,publish`);
}

export function portOption(value: string): number {
  const port = /^\d{1,5}$/.test(value) ? Number(value) : Infinity;
  if (port > 65_535) throw new UsageError('--port must be a number from 0 to 65535');
  return port;
}

export function countOption(name: string, value: string): number {
  const count = /^\d{1,9}$/.test(value) ? Number(value) : 0;
  if (count < 1) throw new UsageError(`${name} must be a whole number, at least 1`);
  return count;
}

export function idArgument(what: string, value: string): string {
  if (!isId(value)) throw new UsageError(`${what} must be an id: letters, digits, _ and -, at most 32`);
  return value;
}

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };
const MAX_SECONDS = 365 * 86_400;

/** `90s`, `15m`, `1h` or `7d`, in seconds. */
export function ttlOption(value: string, name = '--ttl'): number {
  const [, amount = '', unit = ''] = /^(\d{1,8})([smhd])$/.exec(value) ?? [];
  const seconds = Number(amount) * (UNIT_SECONDS[unit] ?? 0);
  if (seconds < 1 || seconds > MAX_SECONDS)
    throw new UsageError(`${name} must be like 90s, 15m, 1h or 7d, at most a year`);
  return seconds;
}
