import type { PipeTransform } from '@nestjs/common';
import { z } from 'zod';
import { BatonError } from '../lib/baton-error.js';
import { isSessionId, isUserId, type SessionId, type UserId } from '../protocol/ids.js';
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

const USUAL_PAGE = 50;
const querySchema = z.object({
  limit: z
    .string()
    .regex(/^\d{1,3}$/)
    .transform(Number)
    .pipe(z.int().min(1).max(MAX_PAGE))
    .optional(),
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
