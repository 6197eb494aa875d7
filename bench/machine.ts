import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem } from 'node:os';

/** Servers on the one, the load client and Redis on the other. */
export interface Cores {
  readonly server: number;
  readonly load: number;
}

export const cores: Cores = { server: 0, load: 1 };

export function describeMachine(): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown';
  const gib = Math.round(totalmem() / 2 ** 30);
  return `${availableParallelism()} cores (${model}), ${gib} GiB, Linux ${release()}, Node ${process.versions.node}`;
}

/** A program and its arguments, held on one core. */
export function onCore(core: number, program: string, args: readonly string[]): readonly [string, readonly string[]] {
  return ['taskset', ['--cpu-list', String(core), program, ...args]];
}

/** Every thread of a process that runs already. */
export function moveToCore(pid: number, core: number): void {
  const { status, stderr } = spawnSync('taskset', ['--all-tasks', '--cpu-list', '--pid', String(core), String(pid)]);
  if (status !== 0) throw new Error(`taskset: ${String(stderr)}`);
}

/** Seconds of CPU that a process has used. The kernel counts in ticks of 10 ms. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Throws with what to do when there are too few file descriptors for so many connections and as much again. */
export function requireDescriptors(count: number): void {
  const limits = readFileSync('/proc/self/limits', 'utf8');
  const hard = /^Max open files\s+\S+\s+(\S+)/m.exec(limits)?.[1] ?? '0';
  if (hard !== 'unlimited' && Number(hard) < count)
    throw new Error(`${count} file descriptors are needed and ${hard} allowed: ulimit -n, see docs/performance.md`);
}
