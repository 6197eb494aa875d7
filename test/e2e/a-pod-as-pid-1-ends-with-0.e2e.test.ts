import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { Stage } from '../support/stage/stage.js';
import { Visitor } from '../support/stage/visitor.js';

// In a container the process is PID 1, which signals end only if it handles them, and which nobody else reaps.
const namespace = ['unshare', '--pid', '--fork', '--mount-proc'];
const isAllowed = spawnSync(namespace[0] ?? '', [...namespace.slice(1), 'true']).status === 0;
if (!isAllowed) process.stderr.write('Skipped: a PID namespace of its own needs root and `unshare`.\n');
const itInNamespace = isAllowed ? it : it.skip;

itInNamespace('a pod that is PID 1 hands its clients over at SIGTERM and ends with 0', async () => {
  const stage = await Stage.start({ replicas: 1, advertise: true });
  try {
    const pod = await stage.startExtraPod('r1', [...namespace, process.execPath]);
    const { port } = await pod.listening;
    const visitor = await Visitor.arrive(stage, `ws://127.0.0.1:${port}`, 'ann', ['session']);
    expect(visitor.pod).toBe(pod.name);
    process.kill(childOf(pod.pid), 'SIGTERM');
    expect(await pod.exited).toEqual({ code: 0, signal: null });
    expect(visitor.client.state.kind).toBe('connected');
    expect(visitor.pod).not.toBe(pod.name);
    await visitor.leave();
  } finally {
    await stage.close();
  }
});

/** `unshare` only waits: the pod is its child. */
function childOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim());
}
