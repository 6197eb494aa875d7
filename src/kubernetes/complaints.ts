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
  /** By what was asked: what was said since it worked last. */
  private readonly made = new Map<string, readonly (401 | 403 | 'failed')[]>();

  constructor(private readonly logger: Logger) {}

  failed({ verb, resource, without }: Request, error: unknown): void {
    const status = error instanceof ApiError ? error.status : null;
    const made = this.made.get(resource + verb) ?? [];
    const kind = status === 403 || status === 401 ? status : 'failed';
    if (made.includes(kind)) return;
    this.made.set(resource + verb, [...made, kind]);
    if (kind === 403) this.logger.warn('kubernetes.forbidden', { verb, resource, without });
    else if (kind === 401) this.logger.warn('kubernetes.unauthorized', { verb, resource, without, error });
    else this.logger.warn('kubernetes.failed', { verb, resource, without, error });
  }

  worked({ verb, resource }: Request): void {
    if (this.made.delete(resource + verb)) this.logger.info('kubernetes.works-again', { verb, resource });
  }
}
