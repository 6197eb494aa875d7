import type { PodId } from '../protocol/ids.js';

/** Clients sent off within this time are one entry. */
const BUCKET_MS = 250;

interface Sent {
  /** Redis time of the first of them. */
  readonly atMs: number;
  clients: number;
}

/** How many clients this pod has sent to each receiver that the receiver's row may not show yet. */
export class SentClients {
  private readonly byPod = new Map<PodId, Sent[]>();

  note(pod: PodId, clients: number, atMs: number): void {
    const sent = this.byPod.get(pod) ?? [];
    const last = sent.at(-1);
    if (last && atMs - last.atMs < BUCKET_MS) last.clients += clients;
    else sent.push({ atMs, clients });
    this.byPod.set(pod, sent);
  }

  /** Forgets what was sent before; asked with times that grow. */
  since(pod: PodId, timeMs: number): number {
    const sent = this.byPod.get(pod)?.filter(({ atMs }) => atMs > timeMs) ?? [];
    if (sent.length === 0) this.byPod.delete(pod);
    else this.byPod.set(pod, sent);
    return sent.reduce((sum, { clients }) => sum + clients, 0);
  }
}
