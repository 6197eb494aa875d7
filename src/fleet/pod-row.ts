import { z } from 'zod';
import { asPodId } from '../protocol/ids.js';
import type { PodRow } from './fleet.js';

const ms = z.number().nonnegative();
const schema = z.object({
  pod: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,32}$/)
    .transform(asPodId),
  name: z.string(),
  workload: z.string(),
  revision: z.string(),
  startedAtMs: ms,
  readySinceMs: ms.nullable(),
  state: z.enum(['starting', 'serving', 'draining']),
  connections: z.number().nonnegative(),
  capacity: z.number().nonnegative(),
  url: z.string().nullable(),
  probeUrl: z.string().nullable().default(null),
  protocols: z.array(z.string()),
  beatAtMs: ms,
});

/** Null for what isn't a row of this version: a pod that can't be read can't be given clients. */
export function parsePodRow(text: string): PodRow | null {
  try {
    return schema.safeParse(JSON.parse(text)).data ?? null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
