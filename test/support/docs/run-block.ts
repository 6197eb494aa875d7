import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { killWithThisProcess } from '../kill-with-this-process.js';

export interface BlockProgram {
  readonly program: string;
  readonly args: readonly string[];
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Texts that lines of its output have to contain, in this order. */
  readonly prints: readonly string[];
  /** It goes on for ever: it is ended, and has succeeded, when it has printed all of `prints`. */
  readonly endless: boolean;
  readonly deadlineMs: number;
}

export interface BlockOutcome {
  /** null if it was ended. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** What it should have printed and hasn't. */
  readonly missing: readonly string[];
}

type Child = ChildProcessByStdio<null, Readable, Readable>;

/** A program in a process group of its own, which may leave others behind until `end`. */
export interface StartedBlock {
  readonly outcome: Promise<BlockOutcome>;
  /** Ends what the program has left behind. */
  end(): void;
}

export function startBlock(block: BlockProgram): StartedBlock {
  const { program, args, directory, environment } = block;
  const child: Child = spawn(program, [...args], {
    cwd: directory,
    env: { ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const forget = child.pid === undefined ? () => undefined : killWithThisProcess(child.pid);
  return {
    outcome: watch(child, block),
    end: () => {
      forget();
      endGroup(child, 'SIGKILL');
    },
  };
}

async function watch(child: Child, { prints, endless, deadlineMs }: BlockProgram): Promise<BlockOutcome> {
  const output = { stdout: '', stderr: '' };
  const missing = () => notPrinted(output.stdout, prints);
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (text: string) => {
      output[stream] += text;
      if (endless && missing().length === 0) endGroup(child, 'SIGTERM');
    });
  }
  const tooLong = setTimeout(() => endGroup(child, 'SIGKILL'), deadlineMs);
  // Not `close`: what it left behind in the background holds its output open.
  const [status] = (await once(child, 'exit')) as [number | null];
  clearTimeout(tooLong);
  await drained(child);
  return { status, ...output, missing: missing() };
}

/** What was written before the exit may still be in the pipe. */
function drained(child: Child): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, child.stdout.readableEnded ? 0 : 20));
}

function endGroup(child: Child, signal: NodeJS.Signals): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, signal);
  } catch {
    // All of the group has ended already.
  }
}

function notPrinted(output: string, prints: readonly string[]): readonly string[] {
  let from = 0;
  for (const [index, text] of prints.entries()) {
    const at = output.indexOf(text, from);
    if (at < 0) return prints.slice(index);
    from = at + text.length;
  }
  return [];
}
