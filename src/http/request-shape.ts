import type { PipeTransform } from '@nestjs/common';
import { z } from 'zod';
import { BatonError } from '../lib/baton-error.js';
import type { ReadRequest } from '../messaging/stream-reader.js';
import { parseTarget, type SendTarget } from '../messaging/send-target.js';
import { isEntryId, isSessionId, isUserId, type SessionId, type UserId } from '../protocol/ids.js';
import type { Position } from '../protocol/position.js';
import { MAX_PAGE } from '../sessions/session-list.js';
import type { PageRequest } from '../sessions/session-store.js';

const MAX_MESSAGE = 300;

/** The body of a request, or BatonError `bad-request` with a sentence for each field that is wrong. */
export class BodyOf<T> implements PipeTransform<unknown, T> {
  constructor(private readonly schema: z.ZodType<T>) {}

  transform(body: unknown): T {
    if (body === undefined) throw new BatonError('bad-request', 'the body must be JSON, sent as application/json');
    const parsed = this.schema.safeParse(body);
    if (parsed.success) return parsed.data;
    const sentences = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'the body'}: ${message}`);
    throw new BatonError('bad-request', sentences.join('; ').slice(0, MAX_MESSAGE));
  }
}

/** A session id in a path. What can't be one doesn't exist either: the same 404 as for one that is missing or foreign. */
export class SessionIdParam implements PipeTransform<unknown, SessionId> {
  transform(text: unknown): SessionId {
    if (!isSessionId(text)) throw new BatonError('not-found');
    return text;
  }
}

/** A user in a path, with `%2F` for a slash. Nothing says whether there is such a user: a list is empty then. */
export class UserIdParam implements PipeTransform<unknown, UserId> {
  transform(text: unknown): UserId {
    if (!isUserId(text)) throw new BatonError('bad-request', 'the user in the path is no valid name');
    return text;
  }
}

/** A stream in a path, as a backend names it. */
export class StreamParam implements PipeTransform<unknown, SendTarget> {
  transform(text: unknown): SendTarget {
    const target = typeof text === 'string' ? parseTarget(text) : null;
    if (target === null)
      throw new BatonError('bad-stream', 'the path names no stream: channel:<name>, user:<id>, session:<id> or tenant');
    return target;
  }
}

const wholeNumber = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,3}$/)
    .transform(Number)
    .pipe(z.int().min(min).max(max));

const USUAL_PAGE = 50;
const querySchema = z.object({
  limit: wholeNumber(1, MAX_PAGE).optional(),
  after: z.string().max(100).optional(),
});

/** `?limit=&after=` */
export class PageQuery implements PipeTransform<unknown, PageRequest> {
  transform(query: unknown): PageRequest {
    const parsed = querySchema.safeParse(query);
    if (!parsed.success)
      throw new BatonError('bad-request', `limit: 1 to ${MAX_PAGE}; after: the \`next\` of the page before`);
    return { limit: parsed.data.limit ?? USUAL_PAGE, after: parsed.data.after ?? null };
  }
}

const USUAL_READ = 100;
const MOST_READ = 200;
/** Below what the usual proxies and clients wait for an answer. */
const LONGEST_WAIT_SECONDS = 25;
const readSchema = z.object({
  after: z
    .string()
    .transform(positionOf)
    .refine((position) => position !== null)
    .optional(),
  limit: wholeNumber(1, MOST_READ).optional(),
  waitSeconds: wholeNumber(0, LONGEST_WAIT_SECONDS).optional(),
});

/** `?after=&limit=&waitSeconds=` */
export class ReadQuery implements PipeTransform<unknown, ReadRequest> {
  transform(query: unknown): ReadRequest {
    const parsed = readSchema.safeParse(query);
    if (!parsed.success)
      throw new BatonError(
        'bad-request',
        `after: the \`after\` of an earlier answer; limit: 1 to ${MOST_READ}; waitSeconds: 0 to ${LONGEST_WAIT_SECONDS}`,
      );
    const { after = null, limit = USUAL_READ, waitSeconds = 0 } = parsed.data;
    return { after, limit, waitMs: waitSeconds * 1_000 };
  }
}

function positionOf(text: string): Position | null {
  const [, digits = '', id = ''] = /^(\d{1,16}):(.+)$/.exec(text) ?? [];
  const offset = Number(digits);
  return digits !== '' && Number.isSafeInteger(offset) && isEntryId(id) ? { offset, id } : null;
}
