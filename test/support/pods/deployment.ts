import { eventually } from '../eventually.js';
import { nextStep, type PodStatus } from './deployment-plan.js';
import { probe, type PodExit, type PodPorts, type PodProcess } from './pod-process.js';

export interface DeploymentOptions {
  /** To begin with. */
  readonly replicas: number;
  /** terminationGracePeriodSeconds, in ms: SIGKILL follows it. */
  readonly graceMs: number;
  /** A pod that ends before it listens is replaced; otherwise it is the deployment's failure. */
  readonly restarts?: boolean;
  /** Makes a pod; its name must be new. */
  readonly startPod: (revision: string) => Promise<PodProcess>;
  /** Told when a pod becomes a ready endpoint, or no longer is one. */
  readonly onEndpoint: (ports: PodPorts, ready: boolean) => void;
}

/** A pod and what the kubelet knows of it. */
export interface DeployedPod extends PodStatus {
  readonly process: PodProcess;
  /** null until it listens. */
  readonly ports: PodPorts | null;
  readonly exit: PodExit | null;
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

const probePeriodMs = 100;

/** What the controller of a Deployment and a kubelet do, with processes; see deployment-plan.ts. */
export class Deployment {
  private readonly all: Mutable<DeployedPod>[] = [];
  private readonly timer: NodeJS.Timeout;
  private revision: string;
  private replicas: number;
  private busy = false;
  private failure: Error | undefined;
  /** Of a pod that was replaced for it, or not. */
  private lastFailure: Error | undefined;

  constructor(
    private readonly options: DeploymentOptions,
    revision: string,
  ) {
    this.revision = revision;
    this.replicas = options.replicas;
    this.timer = setInterval(() => void this.tick(), probePeriodMs);
  }

  get wanted(): string {
    return this.revision;
  }
  /** Every pod that ever was, oldest first. */
  get pods(): readonly DeployedPod[] {
    return this.all;
  }
  get alive(): readonly DeployedPod[] {
    return this.all.filter(({ exit }) => exit === null);
  }
  /** Those that new connections should go to. */
  get serving(): readonly DeployedPod[] {
    return this.alive.filter(({ ready, terminating }) => ready && !terminating);
  }
  get complete(): boolean {
    return nextStep(this.alive, this.revision, this.replicas).kind === 'done';
  }

  /** Makes this the wanted revision; a rollback is the same with an earlier one. */
  rollTo(revision: string): void {
    this.revision = revision;
  }

  /** SIGTERM and the grace for a pod, as an eviction does it; the deployment replaces it. */
  evict(pod: DeployedPod): void {
    this.terminate(pod.name);
  }

  /** Wants more pods, or fewer; also in the middle of a rollout. */
  scaleTo(replicas: number): void {
    this.replicas = replicas;
  }

  /** Until all pods are ready and of the wanted revision; old ones may still be terminating. */
  async rolledOut(withinMs: number): Promise<void> {
    await this.until(`${this.replicas} pods of ${this.revision} to be ready`, withinMs, () => this.complete);
  }

  /** Until no pod is terminating any more. */
  async settled(withinMs: number): Promise<void> {
    const terminating = () => this.alive.filter(({ terminating }) => terminating).map(({ name }) => name);
    await this.until('terminating pods to end', withinMs, () => this.complete && terminating().length === 0);
  }

  /** Waits on the state of pods; fails at once if the deployment itself has. */
  async until(what: string, withinMs: number, condition: () => boolean): Promise<void> {
    const state = () =>
      this.alive.map(({ name, ready, terminating }) => `${name}${mark(ready, terminating)}`).join(', ');
    await eventually(
      () => `${what} (${state()}${this.lastFailure === undefined ? '' : `; ${this.lastFailure.message}`})`,
      () => this.failure !== undefined || condition(),
      { withinMs },
    );
    if (this.failure !== undefined) throw this.failure;
  }

  /** Ends the controller and every pod, without grace. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    await eventually('the controller to come to rest', () => !this.busy, { withinMs: 30_000 });
    await Promise.all(this.all.map(({ process }) => process.kill()));
  }

  private async tick(): Promise<void> {
    if (this.busy || this.failure !== undefined) return;
    this.busy = true;
    try {
      await Promise.all(this.alive.map((pod) => this.look(pod)));
      await this.step();
    } catch (error) {
      this.failure = asError(error);
    } finally {
      this.busy = false;
    }
  }

  private async step(): Promise<void> {
    const step = nextStep(this.alive, this.revision, this.replicas);
    if (step.kind === 'create') await this.create();
    if (step.kind === 'terminate') this.terminate(step.pod);
  }

  private async create(): Promise<void> {
    const process = await this.options.startPod(this.revision);
    const { name, revision } = process;
    const pod: Mutable<DeployedPod> = {
      name,
      revision,
      process,
      ready: false,
      terminating: false,
      ports: null,
      exit: null,
    };
    this.all.push(pod);
    void process.listening.then(
      (ports) => (pod.ports = ports),
      (error: unknown) => {
        if (pod.terminating) return;
        this.lastFailure = asError(error);
        if (this.options.restarts === true) void process.kill();
        else this.failure ??= asError(error);
      },
    );
    void process.exited.then((exit) => {
      pod.exit = exit;
      this.setReady(pod, false);
    });
  }

  private terminate(name: string): void {
    const pod = this.all.find((candidate) => candidate.name === name);
    if (pod === undefined) return;
    pod.terminating = true;
    // Kubernetes takes the endpoint out when the deletion begins, without waiting for the probe.
    if (pod.ports !== null) this.options.onEndpoint(pod.ports, false);
    void pod.process.terminate(this.options.graceMs);
  }

  private async look(pod: Mutable<DeployedPod>): Promise<void> {
    if (pod.ports === null || pod.terminating) return;
    const status = await probe(pod.ports.healthPort, '/readyz');
    this.setReady(pod, status === 200 && pod.exit === null);
  }

  private setReady(pod: Mutable<DeployedPod>, ready: boolean): void {
    if (pod.ready === ready || pod.ports === null) return;
    pod.ready = ready;
    if (!pod.terminating) this.options.onEndpoint(pod.ports, ready);
  }
}

function mark(ready: boolean, terminating: boolean): string {
  if (terminating) return ' terminating';
  return ready ? ' ready' : ' starting';
}

const asError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)));
