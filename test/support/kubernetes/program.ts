import { spawn } from 'node:child_process';

export interface ProgramOptions {
  /** Written to its standard input. */
  readonly input?: string;
  /** Killed after this time; by default a minute. */
  readonly deadlineMs?: number;
}

export interface ProgramResult {
  /** The exit code; null if it was killed. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end, whatever its exit code. */
export function run(name: string, args: readonly string[], options: ProgramOptions = {}): Promise<ProgramResult> {
  const { input = '', deadlineMs = 60_000 } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(name, args, { stdio: ['pipe', 'pipe', 'pipe'], timeout: deadlineMs, killSignal: 'SIGKILL' });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.once('error', reject);
    child.once('close', (status) => resolve({ status, stdout, stderr }));
    // A program that ended without reading is judged by its exit code, not by the broken pipe.
    child.stdin.on('error', () => undefined).end(input);
  });
}

/** Runs a program that must succeed. @throws Error with its command line and what it printed to stderr */
export async function mustRun(name: string, args: readonly string[], options: ProgramOptions = {}): Promise<string> {
  const { status, stdout, stderr } = await run(name, args, options);
  if (status === 0) return stdout;
  const how = status === null ? `was killed after ${options.deadlineMs ?? 60_000} ms` : `ended with ${status}`;
  throw new Error(`${name} ${args.join(' ')} ${how}:\n${stderr}${stdout}`);
}
