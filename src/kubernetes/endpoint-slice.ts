import { z } from 'zod';
import type { KubernetesObject } from './watch-objects.js';

const schema = z.object({
  endpoints: z
    .array(
      z.object({
        conditions: z.object({ ready: z.boolean().nullish() }).nullish(),
        targetRef: z
          .object({ kind: z.string().optional(), name: z.string().optional(), uid: z.string().optional() })
          .nullish(),
      }),
    )
    .nullish(),
});

/** A pod as an EndpointSlice has it. */
export interface Endpoint {
  readonly pod: string;
  readonly uid: string;
  /** A terminating pod never is, whatever its probe says. */
  readonly ready: boolean;
}

/** Only the pods of a slice: nothing else can be given clients. Null for what is no slice. */
export function endpointsOf({ raw }: KubernetesObject): readonly Endpoint[] | null {
  const parsed = schema.safeParse(raw);
  if (!parsed.success) return null;
  return (parsed.data.endpoints ?? []).flatMap(({ conditions, targetRef }) =>
    targetRef?.kind === 'Pod' && targetRef.name !== undefined
      ? [
          {
            pod: targetRef.name,
            uid: targetRef.uid ?? targetRef.name,
            // The API says: unknown is to be taken for ready.
            ready: conditions?.ready ?? true,
          },
        ]
      : [],
  );
}

/**
 * The pods that any slice leads to. While an endpoint moves between slices it is in both, with different contents: it is
 * one pod by its uid, and led to if one of them says so.
 */
export function readyPods(slices: Iterable<readonly Endpoint[]>): ReadonlySet<string> {
  const byUid = new Map<string, Endpoint>();
  for (const slice of slices) {
    for (const endpoint of slice) if (endpoint.ready || !byUid.has(endpoint.uid)) byUid.set(endpoint.uid, endpoint);
  }
  return new Set([...byUid.values()].filter(({ ready }) => ready).map(({ pod }) => pod));
}
