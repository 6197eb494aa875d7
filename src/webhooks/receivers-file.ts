import { readSecretFile, SecretFileError } from '../auth/secret-file.js';
import type { Clock, Timer } from '../lib/clock.js';
import type { Logger } from '../observability/logger.js';
import { parseWebhookTargets, RECEIVERS, type WebhookTarget } from './webhook-targets.js';

/** The kubelet takes a minute to bring a changed Secret into a pod: this adds little. */
const EVERY_MS = 10_000;

export interface ReceiversPorts {
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Who is told, as the file says by now: a receiver or a secret changes without a rollout. */
export class ReceiversFile {
  private timer: Timer | null = null;
  private reading = false;
  /** What is wrong with the file as it is now; said once. */
  private complaint: string | null = null;

  private constructor(
    private readonly path: string,
    private bytes: Buffer,
    readonly atStart: readonly WebhookTarget[],
    private readonly ports: ReceiversPorts,
  ) {}

  /** Rejects with SecretFileError: a pod that starts with a bad file doesn't start. */
  static async open(path: string, ports: ReceiversPorts): Promise<ReceiversFile> {
    const bytes = await readSecretFile(RECEIVERS, path);
    return new ReceiversFile(path, bytes, parseWebhookTargets(bytes, path), ports);
  }

  /** A version that is wrong or can't be read changes nothing. */
  watch(changed: (targets: readonly WebhookTarget[]) => void): void {
    this.timer = this.ports.clock.every(EVERY_MS, () => {
      void this.readAgain(changed);
    });
  }
  stop(): void {
    this.timer?.cancel();
    this.timer = null;
  }

  private async readAgain(changed: (targets: readonly WebhookTarget[]) => void): Promise<void> {
    if (this.reading) return;
    this.reading = true;
    try {
      const bytes = await readSecretFile(RECEIVERS, this.path);
      if (this.timer !== null && !bytes.equals(this.bytes)) {
        const targets = parseWebhookTargets(bytes, this.path);
        this.bytes = bytes;
        changed(targets);
        this.ports.logger.info('webhook.receivers-changed', { count: targets.length });
      }
      this.complaint = null;
    } catch (error) {
      this.complain(error);
    } finally {
      this.reading = false;
    }
  }

  private complain(error: unknown): void {
    const complaint = error instanceof SecretFileError ? error.message : 'a fault of ours';
    if (complaint === this.complaint || this.timer === null) return;
    this.complaint = complaint;
    this.ports.logger.error('webhook.receivers-kept', { error });
  }
}
