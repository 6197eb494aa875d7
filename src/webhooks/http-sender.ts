import type { Clock } from '../lib/clock.js';
import type { Sent } from './retry-rule.js';

export interface Sending {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly timeoutMs: number;
}

/** Never rejects. `aborted`: this pod ends. */
export type Send = (sending: Sending, aborted: AbortSignal) => Promise<Sent>;

/** Of an answer that is read so that its connection can be used again; what is longer ends the connection. */
const ANSWER_BYTES = 16_384;

/** POST over fetch. The deadline is for all of it; redirections aren't followed. */
export function httpSender(clock: Clock): Send {
  return async ({ url, headers, body, timeoutMs }, aborted) => {
    const late = new AbortController();
    const timer = clock.after(timeoutMs, () => {
      late.abort();
    });
    try {
      const signal = AbortSignal.any([late.signal, aborted]);
      const response = await fetch(url, { method: 'POST', redirect: 'manual', headers: { ...headers }, body, signal });
      const retryAfterMs = retryAfterOf(response.headers.get('retry-after'));
      await discard(response).catch(() => undefined);
      return { kind: 'answered', status: response.status, retryAfterMs };
    } catch {
      // fetch rejects with what kept it from an answer, and with the abort.
      return { kind: late.signal.aborted ? 'timeout' : 'unreachable' };
    } finally {
      timer.cancel();
    }
  };
}

/** Seconds; a date is not looked at. */
function retryAfterOf(text: string | null): number | null {
  return text !== null && /^\d{1,7}$/.test(text) ? Number(text) * 1_000 : null;
}

async function discard(response: Response): Promise<void> {
  if (response.body === null) return;
  let bytes = 0;
  for await (const chunk of response.body) {
    bytes += (chunk as Uint8Array).byteLength;
    if (bytes > ANSWER_BYTES) break;
  }
}
