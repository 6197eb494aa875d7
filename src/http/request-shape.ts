import type { PipeTransform } from '@nestjs/common';
import { z } from 'zod';
import { BatonError } from '../lib/baton-error.js';
import { isSessionId, type SessionId } from '../protocol/ids.js';

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
