/** A pod as the controller of a Deployment sees it. */
export interface PodStatus {
  readonly name: string;
  readonly revision: string;
  readonly ready: boolean;
  /** Its deletion has begun: it no longer counts, however long it takes to end. */
  readonly terminating: boolean;
}

export type DeploymentStep =
  | { readonly kind: 'create' }
  | { readonly kind: 'terminate'; readonly pod: string }
  /** Something under way must become ready first. */
  | { readonly kind: 'wait' }
  | { readonly kind: 'done' };

const maxSurge = 1;

/**
 * What the controller of a Deployment with maxSurge 1 and maxUnavailable 0 does next. As in Kubernetes, terminating pods
 * are not waited for, fewer replicas take surplus pods of the wanted revision at once, and a rollback is a rollout to a revision of which there may be pods left.
 */
export function nextStep(pods: readonly PodStatus[], revision: string, replicas: number): DeploymentStep {
  const alive = pods.filter(({ terminating }) => !terminating);
  const wanted = alive.filter((pod) => pod.revision === revision);
  const others = alive.filter((pod) => pod.revision !== revision);
  const neverReady = others.find(({ ready }) => !ready);
  if (neverReady !== undefined) return { kind: 'terminate', pod: neverReady.name };
  const surplus = wanted.length > replicas ? (wanted.find(({ ready }) => !ready) ?? wanted.at(-1)) : undefined;
  if (surplus !== undefined) return { kind: 'terminate', pod: surplus.name };
  if (wanted.length < replicas && alive.length < replicas + maxSurge) return { kind: 'create' };
  const spare = alive.filter(({ ready }) => ready).length > replicas;
  if (spare && others[0] !== undefined) return { kind: 'terminate', pod: others[0].name };
  const complete = others.length === 0 && wanted.every(({ ready }) => ready);
  return { kind: complete ? 'done' : 'wait' };
}
