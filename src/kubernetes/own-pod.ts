import { z } from 'zod';
import type { ApiServer } from './api-server.js';
import { ApiError } from './api-error.js';
import type { Complaints, Request } from './complaints.js';

const schema = z.object({
  metadata: z.object({
    uid: z.string(),
    deletionTimestamp: z.string().nullish(),
    deletionGracePeriodSeconds: z.number().nonnegative().nullish(),
    annotations: z.record(z.string(), z.string()).nullish(),
  }),
});

/** The own pod as the API server has it. */
export interface PodFacts {
  readonly uid: string;
  /** From the beginning of its end to SIGKILL; null: nobody has deleted it, also while its container is restarted. */
  readonly graceMs: number | null;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface PodName {
  readonly namespace: string;
  readonly name: string;
}

const LOOK_WITHIN_MS = 2_000;
const get: Request = { verb: 'get', resource: 'pods', without: 'the configured grace period counts' };
const patch: Request = { verb: 'patch', resource: 'pods', without: 'a scale-in takes any pod' };

/** Reads and annotates this pod. Nothing here rejects: what can't be had is null, or false. */
export class OwnPod {
  /** As last read. */
  private facts: PodFacts | null = null;
  private readonly path: string;

  constructor(
    { namespace, name }: PodName,
    private readonly api: Pick<ApiServer, 'call'>,
    private readonly complaints: Complaints,
  ) {
    this.path = `/api/v1/namespaces/${namespace}/pods/${name}`;
  }

  async look(): Promise<PodFacts | null> {
    try {
      const body = await this.api.call({ method: 'GET', path: this.path, withinMs: LOOK_WITHIN_MS });
      this.facts = factsOf(body);
      this.complaints.worked(get);
      return this.facts;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.complaints.failed(get, error);
      return null;
    }
  }

  async uid(): Promise<string | null> {
    return (this.facts ?? (await this.look()))?.uid ?? null;
  }

  async annotate(annotations: Readonly<Record<string, string>>): Promise<boolean> {
    const body = { metadata: { annotations } };
    try {
      await this.api.call({ method: 'PATCH', path: this.path, body, withinMs: LOOK_WITHIN_MS });
      this.complaints.worked(patch);
      return true;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.complaints.failed(patch, error);
      return false;
    }
  }
}

function factsOf(body: unknown): PodFacts {
  const parsed = schema.safeParse(body);
  if (!parsed.success) throw new ApiError(null, 'the answer is no pod', { cause: parsed.error });
  const { uid, deletionTimestamp, deletionGracePeriodSeconds, annotations } = parsed.data.metadata;
  const isDeleted = (deletionTimestamp ?? null) !== null;
  const seconds = isDeleted ? (deletionGracePeriodSeconds ?? null) : null;
  return { uid, graceMs: seconds === null ? null : seconds * 1_000, annotations: annotations ?? {} };
}
