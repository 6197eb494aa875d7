import type { DeployedPod } from '../pods/deployment.js';
import type { Crowd } from './crowd.js';
import type { Stage } from './stage.js';

const rolloutMs = 90_000;

/** Every pod is replaced by one of `revision`; resolves when the old ones have ended. */
export async function rollOut(stage: Stage, crowd: Crowd, revision: string): Promise<void> {
  stage.deployment.rollTo(revision);
  await stage.deployment.rolledOut(rolloutMs);
  await stage.deployment.settled(rolloutMs);
  await crowd.reconnected(10_000);
}

/** A rollout to `to` that is taken back when half of its pods, rounded up, are ready and as many old ones are ending. */
export async function rollBackHalfWay(stage: Stage, crowd: Crowd, from: string, to: string): Promise<void> {
  const { deployment, options } = stage;
  deployment.rollTo(to);
  const half = Math.ceil(options.replicas / 2);
  const halfWay = () => {
    const ready = deployment.serving.filter(({ revision }) => revision === to).length;
    const ending = deployment.pods.filter(({ revision, terminating }) => revision === from && terminating).length;
    return ready >= half && ending >= half;
  };
  await deployment.until(`${half} pods of ${to} to replace as many of ${from}`, rolloutMs, halfWay);
  await rollOut(stage, crowd, from);
}

/** SIGKILL for a pod that has clients; resolves when it is replaced and everybody is connected again. */
export async function killOne(stage: Stage, crowd: Crowd): Promise<DeployedPod> {
  const pod = mostLoaded(stage, crowd);
  await pod.process.kill();
  await stage.deployment.rolledOut(rolloutMs);
  await crowd.reconnected(30_000);
  return pod;
}

export function mostLoaded(stage: Stage, crowd: Crowd): DeployedPod {
  const clientsOn = (pod: DeployedPod) => crowd.status.reduce((sum, { pods }) => sum + (pods[pod.name] ?? 0), 0);
  const [pod] = [...stage.deployment.serving].sort((a, b) => clientsOn(b) - clientsOn(a));
  if (pod === undefined) throw new Error('no pod is serving');
  return pod;
}
