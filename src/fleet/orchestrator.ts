/** What is told of a drain, for who looks at the pod from outside. */
export type DrainNews =
  | { readonly kind: 'began'; readonly connections: number }
  /** Time is up, and these many clients are closed instead of moved. */
  | { readonly kind: 'forced'; readonly connections: number }
  | { readonly kind: 'finished'; readonly moved: number; readonly forced: number; readonly tookMs: number };

/**
 * What runs the pods, and knows what they can't read from each other's rows. All of it is a hint that may be missing at any
 * time (null): nobody waits for it, and without any the fleet does with Redis alone.
 */
export interface Orchestrator {
  /** Whether newcomers are led to the pod of this name. */
  routesTo(podName: string): boolean | null;
  /** How many pods the workload is to have; asked for while this pod drains. */
  readonly wanted: number | null;
  /** ms from the beginning of this pod's end (before a preStop hook) to SIGKILL, as granted; known only while it drains. */
  readonly graceMs: number | null;
  /** Never throws, never waits. */
  tell(news: DrainNews): void;
}

export const ORCHESTRATOR = Symbol('Orchestrator');

/** Nobody to ask: processes without Kubernetes, and pods that aren't to ask it. */
export const noOrchestrator: Orchestrator = {
  routesTo: () => null,
  wanted: null,
  graceMs: null,
  tell: () => undefined,
};
