import { z } from 'zod';
import { ApiError } from './api-error.js';
import { GarbledError } from './watch-retry.js';

/** An object as far as a watch needs to know it; `raw` is for who asked for it. */
export interface KubernetesObject {
  readonly name: string;
  readonly version: string;
  readonly raw: unknown;
}

export type WatchEvent =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'; readonly object: KubernetesObject }
  | { readonly type: 'ERROR'; readonly code: number; readonly message: string };

const named = z.looseObject({ metadata: z.looseObject({ name: z.string().default(''), resourceVersion: z.string() }) });
const list = z.object({
  metadata: z.object({ resourceVersion: z.string(), continue: z.string().optional() }),
  items: z.array(named).nullable(),
});
const change = z.object({ type: z.enum(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK']), object: named });
const failure = z.object({
  type: z.literal('ERROR'),
  object: z.object({ code: z.number().default(500), message: z.string().default('no reason given') }),
});
const line = z.discriminatedUnion('type', [change, failure]);

const objectOf = (raw: z.output<typeof named>): KubernetesObject => ({
  name: raw.metadata.name,
  version: raw.metadata.resourceVersion,
  raw,
});

export interface ParsedList {
  readonly objects: readonly KubernetesObject[];
  readonly version: string;
  readonly complete: boolean;
}

/** Throws ApiError for what is no list. */
export function parseList(body: unknown): ParsedList {
  const parsed = list.safeParse(body);
  if (!parsed.success) throw new ApiError(null, 'the answer is no list', { cause: parsed.error });
  const { metadata, items } = parsed.data;
  return {
    objects: (items ?? []).map(objectOf),
    version: metadata.resourceVersion,
    complete: (metadata.continue ?? '') === '',
  };
}

/** Throws GarbledError for what is no event. */
export function parseWatchLine(text: string): WatchEvent {
  const parsed = line.safeParse(jsonOf(text));
  if (!parsed.success) throw new GarbledError('an event of the watch is none', { cause: parsed.error });
  const { data } = parsed;
  return data.type === 'ERROR'
    ? { type: 'ERROR', code: data.object.code, message: data.object.message }
    : { type: data.type, object: objectOf(data.object) };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new GarbledError('a line of the watch is no JSON', { cause });
  }
}
