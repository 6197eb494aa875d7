import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Writable } from 'node:stream';

/**
 * Sees to it that a process does not outlive this one, however this one ends: a jest worker has no `exit` event of its
 * own, and a killed one would have none. A shell waits for the pipe from this process to close.
 * @returns what to call before the process is ended on purpose
 */
export function killWithThisProcess(pid: number): () => void {
  return guarded('kill -9 "$0"', String(pid));
}

/**
 * The same for a directory. Processes that end now may still write into it, so that it may take a second go.
 * @returns what to call before the directory is removed on purpose
 */
export function removeWithThisProcess(directory: string): () => void {
  return guarded('rm -rf "$0" || { sleep 1; rm -rf "$0"; }', directory);
}

function guarded(command: string, argument: string): () => void {
  const guard: ChildProcessByStdio<Writable, null, null> = spawn(
    'sh',
    ['-c', `read -r _ || { ${command}; }`, argument],
    {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    },
  );
  guard.unref();
  return () => guard.kill('SIGKILL');
}
