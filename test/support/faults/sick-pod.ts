import { callApi, type ApiAnswer } from '../load/api.js';
import { signToken } from '../load/credentials.js';
import type { PodProcess } from '../pods/pod-process.js';
import type { Stage } from '../stage/stage.js';
import { Guest } from './guest.js';
import type { TalkingPlace } from './traffic.js';

const troublemaker = new URL('./troublemaker.mjs', import.meta.url);

/** What a pod with a troublemaker inside does at a signal. */
export const troubles = { blocksShortly: 'SIGUSR2', blocksFor5s: 'SIGHUP', rejects: 'SIGQUIT' } as const;

/** A pod of a stage (`a`) that has trouble on request, beside one of its Deployment (`b`). */
export class SickPod implements TalkingPlace {
  private readonly guests: Guest[] = [];

  private constructor(
    private readonly stage: Stage,
    readonly process: PodProcess,
    private readonly ports: Readonly<Record<string, number>>,
  ) {}

  static async start(stage: Stage): Promise<SickPod> {
    const [healthy] = stage.deployment.serving;
    if (healthy === undefined) throw new Error('no pod is serving');
    const sick = await stage.startExtraPod('r1', [process.execPath, '--import', troublemaker.href]);
    const [{ port: a }, { port: b }] = await Promise.all([sick.listening, healthy.process.listening]);
    return new SickPod(stage, sick, { a, b });
  }

  url(pod: string): string {
    return `ws://127.0.0.1:${this.ports[pod]}`;
  }
  token(user: string): Promise<string> {
    const [tenant = ''] = this.stage.options.tenants;
    return signToken(this.stage.secrets.signer, tenant, user);
  }
  /** First at the sick pod, and at the other one when that is gone. */
  guest(user: string): Guest {
    const guest = new Guest({ url: [this.url('a'), this.url('b')], token: () => this.token(user) });
    this.guests.push(guest);
    return guest;
  }
  send(pod: string, to: object, data: unknown, key: string): Promise<ApiAnswer> {
    return callApi({
      method: 'POST',
      url: `http://127.0.0.1:${this.ports[pod]}/v1/messages`,
      apiKey: this.stage.apiKeys[0]?.key ?? '',
      headers: { 'idempotency-key': key },
      body: { to, data },
    });
  }

  async end(): Promise<void> {
    await Promise.all(this.guests.map((guest) => guest.leave()));
    await this.process.kill();
  }
}
