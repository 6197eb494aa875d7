import type { DeployedPod } from '../../test/support/pods/deployment.js';
import type { Crowd } from '../../test/support/stage/crowd.js';
import type { Stage } from '../../test/support/stage/stage.js';
import type { PodInScene, Scene } from './picture.js';
import type { Screen } from './screen.js';

const everyMs = 250;
/** Rates are over this many looks. */
const looksOfRate = 8;
/** Pods that are gone stay to be seen for a while. */
const podsShown = 8;

/** Shows how it goes, several times a second, until it is stopped. */
export class Watcher {
  phase = 'start';
  private readonly startedMs = performance.now();
  private readonly looks: { readonly atMs: number; readonly received: number; readonly sent: number }[] = [];
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly stage: Stage,
    private readonly crowd: Crowd,
    private readonly screen: Screen,
  ) {
    this.timer = setInterval(() => {
      this.screen.show(this.scene());
    }, everyMs);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private scene(): Scene {
    const atMs = performance.now();
    const status = this.crowd.status;
    const sum = (of: (one: (typeof status)[number]) => number) => status.reduce((total, one) => total + of(one), 0);
    const received = sum((one) => one.received);
    const sent = sum((one) => one.acknowledged) + this.crowd.sent;
    this.looks.push({ atMs, received, sent });
    if (this.looks.length > looksOfRate) this.looks.shift();
    const first = this.looks[0] ?? { atMs, received, sent };
    const perSecond = (count: number) => Math.round((count * 1000) / Math.max(1, atMs - first.atMs));
    return {
      elapsedMs: atMs - this.startedMs,
      phase: this.phase,
      pods: this.stage.deployment.pods.slice(-podsShown).map((pod) => this.podInScene(pod)),
      clients: sum((one) => one.clients),
      connected: sum((one) => one.connected),
      moving: sum((one) => one.moving),
      moves: sum((one) => one.moves),
      inFlight: sum((one) => one.inFlight),
      received,
      receivedPerSecond: perSecond(received - first.received),
      sentPerSecond: perSecond(sent - first.sent),
    };
  }

  private podInScene(pod: DeployedPod): PodInScene {
    const clients = this.crowd.status.reduce((sum, { pods }) => sum + (pods[pod.name] ?? 0), 0);
    return { name: pod.name, state: stateOf(pod), clients };
  }
}

function stateOf({ exit, terminating, ready }: DeployedPod): PodInScene['state'] {
  if (exit !== null) return exit.code === 0 ? 'gone' : 'killed';
  if (terminating) return 'draining';
  return ready ? 'ready' : 'starting';
}
