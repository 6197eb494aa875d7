import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Writable } from 'node:stream';

/**
 * Sees to it that a process does not outlive this one, however this one ends: a jest worker has no `exit` event of its
 * own, and a killed one would have none. A shell waits for the pipe from this process to close.
 * @returns what to call before the process is ended on purpose
 */
export function killWithThisProcess(pid: number): () => void {
  const guard: ChildProcessByStdio<Writable, null, null> = spawn(
    'sh',
    ['-c', 'read -r _ || kill -9 "$0"', String(pid)],
    { stdio: ['pipe', 'ignore', 'ignore'], detached: true },
  );
  guard.unref();
  return () => guard.kill('SIGKILL');
}
