import { z } from 'zod';
import type { Grant } from '../protocol/grants.js';

/** Grants are copied into every session's row: their number is bounded. */
const MAX_GRANTS = 100;

/** `*`, a stream name, or the beginning of one with a trailing `*`; backends also name `user:<id>` and `session:<id>`. */
const STREAM_PATTERN = /^(?:\*|[a-z]{1,16}(?::(?:key:)?[A-Za-z0-9._/-]{0,128})?\*?)$/;

const grantSchema = z.object({
  stream: z.string().regex(STREAM_PATTERN, 'must be a stream name, or the beginning of one followed by `*`'),
  can: z
    .array(z.enum(['subscribe', 'publish', 'presence']))
    .min(1)
    .max(3),
});

/** Grants as they come from outside: in tokens, API key files and options of the command line. */
export const grantsSchema: z.ZodType<readonly Grant[]> = z.array(grantSchema).max(MAX_GRANTS);
