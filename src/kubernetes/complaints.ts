import type { Logger } from '../observability/logger.js';
import { ApiError } from './api-error.js';

/** Something that this room asks of the API server. */
export interface Request {
  /** As a Role names them. */
  readonly verb: string;
  readonly resource: string;
  /** How the pod does without. */
  readonly without: string;
}

/** Says once what the API server doesn't give, until it is given again: it is asked for years, and may be away for days. */
export class Complaints {
  private readonly made = new Set<string>();

  constructor(private readonly logger: Logger) {}

  failed(request: Request, error: unknown): void {
    const { verb, resource, without } = request;
    const key = `${verb} ${resource}`;
    if (this.made.has(key)) return;
    this.made.add(key);
    const status = error instanceof ApiError ? error.status : null;
    if (status === 403) this.logger.warn('kubernetes.forbidden', { verb, resource, without });
    else if (status === 401) this.logger.warn('kubernetes.unauthorized', { verb, resource, without, error });
    else this.logger.warn('kubernetes.failed', { verb, resource, without, error });
  }

  worked({ verb, resource }: Request): void {
    if (this.made.delete(`${verb} ${resource}`)) this.logger.info('kubernetes.works-again', { verb, resource });
  }
}
