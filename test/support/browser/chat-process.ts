import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { killWithThisProcess } from '../kill-with-this-process.js';
import { repository } from '../stage/build-under-test.js';

const startWithinMs = 20_000;

/** The example as `npm run example:chat` starts it, in a process of its own. */
export class ChatProcess {
  private constructor(
    private readonly child: ChildProcess,
    /** Where the chat is. */
    readonly url: string,
    private readonly forget: () => void,
  ) {}

  static async start(): Promise<ChatProcess> {
    const main = join(repository, 'dist/examples/chat/main.js');
    const child = spawn(process.execPath, ['--enable-source-maps', main, '--port', '0'], {
      env: { PATH: process.env['PATH'] ?? '' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const forget = child.pid === undefined ? () => undefined : killWithThisProcess(child.pid);
    const tooLate = setTimeout(() => child.kill('SIGKILL'), startWithinMs);
    for await (const line of createInterface(child.stdout)) {
      const [, url] = /^The chat: (http:\S+)$/.exec(line) ?? [];
      if (url === undefined) continue;
      clearTimeout(tooLate);
      return new ChatProcess(child, url, forget);
    }
    clearTimeout(tooLate);
    forget();
    throw new Error('the chat ended before it said where it is');
  }

  /** As Ctrl-C ends it. @returns its exit code; null if it was killed because it took too long */
  async stop(): Promise<number | null> {
    const tooLate = setTimeout(() => this.child.kill('SIGKILL'), 5_000);
    const exit = once(this.child, 'exit') as Promise<[number | null]>;
    if (this.child.exitCode === null) this.child.kill('SIGINT');
    const [code] = this.child.exitCode === null ? await exit : [this.child.exitCode];
    clearTimeout(tooLate);
    this.forget();
    return code;
  }
}
