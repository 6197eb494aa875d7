import { backoffMs } from '../../../src/lib/backoff.js';
import { nowUs } from '../judge/records.js';
import { callApi } from './api.js';
import type { BackendCommand, BackendOptions, BackendStatus, Target } from './backend-messages.js';
import { RecordLog } from './record-log.js';
import { Ticker } from './ticker.js';

const statusEveryMs = 200;
const givesUpAfterMs = 20_000;

interface Registered {
  readonly attempt: number;
  readonly connected: boolean;
}

/** A backend that sends numbered messages, each until its outcome is known; to one target one after the other. */
class BackendMain {
  private readonly log: RecordLog;
  private readonly ticker: Ticker;
  private readonly numbers = new Map<string, number>();
  private readonly busy = new Set<string>();
  private next = 0;
  private calls = 0;
  private sent = 0;
  private repeats = 0;
  private lookedUp = 0;

  constructor(private readonly options: BackendOptions) {
    this.log = new RecordLog(options.logFile);
    this.ticker = new Ticker(options.perSecond, () => {
      const target = this.options.targets[this.next++ % this.options.targets.length];
      if (target !== undefined && !this.busy.has(nameOf(target))) void this.send(target);
    });
    setInterval(() => process.send?.(this.status()), statusEveryMs);
  }

  async obey(command: BackendCommand): Promise<void> {
    switch (command.kind) {
      case 'publish':
        this.ticker.start();
        return;
      case 'quiet':
        this.ticker.stop();
        return;
      case 'look-up':
        await Promise.all(this.options.sessions.map((session) => this.lookUp(session)));
        this.log.flush();
        this.lookedUp += 1;
        return;
      case 'finish':
        this.log.close();
        process.exit(0);
    }
  }

  private async send(target: Target): Promise<void> {
    const { name, tenant } = this.options;
    const to = nameOf(target);
    const seq = (this.numbers.get(to) ?? 0) + 1;
    this.numbers.set(to, seq);
    const uid = `${name}>${to}>${seq}`;
    this.busy.add(to);
    this.log.note(name, { kind: 'send', stream: `${tenant}/${to}`, uid });
    const outcome = await this.until(target, uid, { tenant, publisher: name, seq, uid, sentAtUs: nowUs() });
    this.log.note(name, outcome);
    this.busy.delete(to);
    this.sent += 1;
  }

  private async until(to: Target, uid: string, data: unknown) {
    const untilMs = performance.now() + givesUpAfterMs;
    for (let failures = 0; performance.now() < untilMs; failures += 1) {
      const status = await this.post(to, uid, data);
      if (status >= 200 && status < 300) return { kind: 'acknowledged', uid } as const;
      if (status >= 400 && status < 500 && status !== 429)
        return { kind: 'refused', uid, code: String(status) } as const;
      this.repeats += 1;
      await pause(backoffMs(failures, 50, 500));
    }
    return { kind: 'unknown', uid } as const;
  }

  /** The status, or 0 if there was no answer. */
  private async post(to: Target, key: string, data: unknown): Promise<number> {
    const { apiKey } = this.options;
    const url = `${this.entry()}/v1/messages`;
    const headers = { 'idempotency-key': key };
    try {
      return (await callApi({ method: 'POST', url, apiKey, headers, body: { to, data } })).status;
    } catch {
      return 0;
    }
  }

  private async lookUp(session: string): Promise<void> {
    const { apiKey, name } = this.options;
    const url = `${this.entry()}/v1/sessions/${session}/connection`;
    const { status, body } = await callApi({ method: 'GET', url, apiKey }).catch(() => ({ status: 0, body: null }));
    const known = { attempt: 0, connected: false, ...(status === 200 && (body as Registered)) };
    this.log.note(name, { kind: 'registered', session, attempt: known.attempt, connected: known.connected });
  }

  private entry(): string {
    const { apiUrls } = this.options;
    return apiUrls[this.calls++ % apiUrls.length] ?? '';
  }

  private status(): BackendStatus {
    const { sent, repeats, lookedUp } = this;
    return { sent, inFlight: this.busy.size, repeats, lookedUp };
  }
}

/** As records name the stream, after the tenant. */
function nameOf(target: Target): string {
  const [[kind, name] = ['tenant', true]] = Object.entries(target);
  return kind === 'tenant' ? 'tenant' : `${kind}:${String(name)}`;
}

function pause(forMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, forMs));
}

const main = new BackendMain(JSON.parse(process.argv[2] ?? '{}') as BackendOptions);
process.on('message', (command) => void main.obey(command as BackendCommand));
process.on('disconnect', () => process.exit(1));
