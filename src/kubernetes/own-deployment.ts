import { z } from 'zod';
import { ApiError } from './api-error.js';
import type { ApiServer } from './api-server.js';
import type { Complaints, Request } from './complaints.js';

/** The API server fills in what a manifest leaves out. */
const schema = z.object({ spec: z.object({ replicas: z.number().int().nonnegative() }) });

const LOOK_WITHIN_MS = 2_000;
const request: Request = {
  verb: 'get',
  resource: 'deployments.apps',
  without: 'a rollout that is scaled in half-way holds clients longer',
};

/** How many pods the Deployment of this one wants. */
export class OwnDeployment {
  private readonly path: string;

  constructor(
    { namespace, name }: { readonly namespace: string; readonly name: string },
    private readonly api: Pick<ApiServer, 'call'>,
    private readonly complaints: Complaints,
  ) {
    this.path = `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`;
  }

  /** Null if it can't be had; never rejects. */
  async wanted(): Promise<number | null> {
    try {
      const body = await this.api.call({ method: 'GET', path: this.path, withinMs: LOOK_WITHIN_MS });
      const parsed = schema.safeParse(body);
      if (!parsed.success) throw new ApiError(null, 'the answer is no Deployment', { cause: parsed.error });
      this.complaints.worked(request);
      return parsed.data.spec.replicas;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.complaints.failed(request, error);
      return null;
    }
  }
}
