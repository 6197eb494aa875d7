import { Agent, request } from 'node:http';

export interface ApiAnswer {
  readonly status: number;
  readonly body: unknown;
}

export interface ApiCall {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly apiKey: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** A connection for each call: behind a balancer, each goes to a pod of its own. */
const agent = new Agent({ keepAlive: false });
const patienceMs = 5000;

/** Rejects if there is no whole answer within 5 s: the outcome is unknown then. */
export function callApi({ method, url, apiKey, headers, body }: ApiCall): Promise<ApiAnswer> {
  return new Promise((resolve, reject) => {
    const call = request(url, {
      method,
      agent,
      timeout: patienceMs,
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json', ...headers },
    });
    call.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => (text += part));
      response.on('error', reject);
      response.on('end', () => {
        if (response.complete) resolve({ status: response.statusCode ?? 0, body: parsed(text) });
        else reject(new Error('the answer was cut'));
      });
    });
    call.on('timeout', () => call.destroy(new Error(`no answer within ${patienceMs} ms`)));
    call.on('error', reject);
    call.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
