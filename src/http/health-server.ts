import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from '../observability/logger.js';
import type { Metrics } from '../observability/metrics.js';
import { probes, type HealthChecks, type Probe } from './health-checks.js';

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/**
 * Probes and metrics on a port of their own: a plain server, because the application's stops listening before a drain's
 * last moments are told. It is the first to listen and the last to close.
 */
export class HealthServer {
  private readonly server: Server;

  constructor(
    private readonly checks: HealthChecks,
    private readonly metrics: Metrics,
    private readonly logger: Logger,
  ) {
    this.server = createServer({ headersTimeout: 5_000, requestTimeout: 5_000 }, (request, response) => {
      void this.answer(request, response);
    });
  }

  /** Resolves with the port. */
  listen(port: number, host: string): Promise<number> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, host, () => {
        this.server.off('error', reject);
        resolve((this.server.address() as AddressInfo).port);
      });
    });
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => {
        resolve();
      });
      this.server.closeAllConnections();
    });
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { status, type, body } = await this.route(request);
    if (status === 405) response.setHeader('Allow', 'GET, HEAD');
    response.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) });
    response.end(request.method === 'HEAD' ? undefined : body);
  }

  private async route({ method, url }: IncomingMessage): Promise<Answer> {
    const [path = '', query = ''] = (url ?? '').split('?', 2);
    if (method !== 'GET' && method !== 'HEAD') return json(405, { status: 'only GET' });
    try {
      if (path === '/metrics')
        return { status: 200, type: this.metrics.contentType, body: await this.metrics.render() };
      const probe = probes.find((name) => path === `/${name}`);
      if (probe === undefined) return json(404, { status: 'no such probe', probes });
      return await this.probe(probe, new URLSearchParams(query).has('verbose'));
    } catch (error) {
      this.logger.error('health.failed', { path, error });
      return json(500, { status: 'failed' });
    }
  }

  private async probe(probe: Probe, verbose: boolean): Promise<Answer> {
    const { healthy, failing, details } = await this.checks.run(probe);
    const brief = probe === 'drainz' ? briefDrain(details) : healthy ? {} : { failing };
    return json(healthy ? 200 : 503, { status: healthy ? 'ok' : 'error', ...brief, ...(verbose && { details }) });
  }
}

/** Whoever waits for a drain wants to see it move. */
function briefDrain(details: Readonly<Record<string, unknown>>): object {
  const { phase, remaining } = details['drain'] as { readonly phase: string; readonly remaining: number };
  return phase === 'serving' ? { phase } : { phase, remaining };
}

const json = (status: number, body: object): Answer => ({
  status,
  type: 'application/json',
  body: `${JSON.stringify(body)}\n`,
});
