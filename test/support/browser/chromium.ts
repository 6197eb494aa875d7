import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, readFile } from 'node:fs/promises';
import { chromium as playwright, type Browser, type BrowserContext, type BrowserContextOptions } from 'playwright-core';
import { eventually } from '../eventually.js';
import { killWithThisProcess } from '../kill-with-this-process.js';
import { makeTemporaryDirectory, type TemporaryDirectory } from '../temporary-directory.js';
import { findChromium } from './chromium-binary.mjs';

const flags = [
  '--headless',
  '--remote-debugging-port=0',
  '--disable-gpu',
  '--disable-quic',
  '--disable-background-networking',
  '--disable-breakpad',
  '--disable-component-update',
  '--disable-default-apps',
  // In a container /dev/shm is often too small for it.
  '--disable-dev-shm-usage',
  '--disable-extensions',
  '--disable-sync',
  '--no-first-run',
  '--no-default-browser-check',
  '--password-store=basic',
];
const startWithinMs = 20_000;
const closeWithinMs = 5_000;

interface UnixUser {
  readonly uid: number;
  readonly gid: number;
}

/**
 * A headless Chromium in its sandbox, with a profile of its own: an unprivileged user starts it, for root would have to
 * switch the sandbox off. Processes and profile end with this process at the latest.
 */
export class Chromium {
  private constructor(
    private readonly child: ChildProcess,
    private readonly profile: TemporaryDirectory,
    private readonly browser: Browser,
    private readonly forget: () => void,
  ) {}

  static async start(): Promise<Chromium> {
    const program = findChromium();
    if (program === undefined) throw new Error('there is no Chromium on this machine');
    const profile = await makeTemporaryDirectory('chromium');
    const user = await unprivileged();
    if (user !== null) await chown(profile.path, user.uid, user.gid);
    const child = spawn(program, [...flags, `--user-data-dir=${profile.path}`, 'about:blank'], {
      // Its processes are a group, which ends as one.
      detached: true,
      cwd: profile.path,
      env: { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: profile.path, TMPDIR: profile.path, LANG: 'C.UTF-8' },
      stdio: ['ignore', 'ignore', 'pipe'],
      ...user,
    });
    const forget = child.pid === undefined ? () => undefined : killWithThisProcess(-child.pid);
    try {
      const browser = await playwright.connectOverCDP(await endpointOf(child), { timeout: startWithinMs });
      return new Chromium(child, profile, browser, forget);
    } catch (error) {
      await end(child);
      forget();
      await profile.remove();
      throw error;
    }
  }

  /** Of the first of its processes, and of their group. */
  get pid(): number {
    if (this.child.pid === undefined) throw new Error('Chromium could not be started');
    return this.child.pid;
  }
  get profilePath(): string {
    return this.profile.path;
  }
  get version(): string {
    return this.browser.version();
  }

  /** Pages that share cookies and storage among them, and with no others. */
  newContext(options: BrowserContextOptions = {}): Promise<BrowserContext> {
    return this.browser.newContext(options);
  }

  /** No page does anything, as when a system saves energy or a laptop sleeps; the browser itself goes on. @returns what ends it */
  async freeze(): Promise<() => void> {
    const session = await this.browser.newBrowserCDPSession();
    const { processInfo } = await session.send('SystemInfo.getProcessInfo');
    const renderers = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id);
    await session.detach();
    for (const pid of renderers) process.kill(pid, 'SIGSTOP');
    return () => {
      for (const pid of renderers) process.kill(pid, 'SIGCONT');
    };
  }

  async close(): Promise<void> {
    const closing = this.browser.newBrowserCDPSession().then((session) => session.send('Browser.close'));
    // The answer may be cut by what it asks for.
    closing.catch(() => undefined);
    await exited(this.child, closeWithinMs);
    await this.browser.close();
    await end(this.child);
    this.forget();
    await this.profile.remove();
  }
}

/** Who runs the browser; null: this process's own user. */
async function unprivileged(): Promise<UnixUser | null> {
  if (process.getuid?.() !== 0) return null;
  const [, uid = '65534', gid = '65534'] =
    /^nobody:[^:]*:(\d+):(\d+):/m.exec(await readFile('/etc/passwd', 'utf8')) ?? [];
  return { uid: Number(uid), gid: Number(gid) };
}

/** The URL of its DevTools, which it says on stderr. */
function endpointOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    const fail = (why: string) => {
      reject(new Error(`Chromium ${why}:\n${said.slice(-2_000)}`));
    };
    const timer = setTimeout(() => {
      fail(`did not start within ${startWithinMs} ms`);
    }, startWithinMs);
    child.once('error', (error) => {
      clearTimeout(timer);
      fail(`could not be started: ${error.message}`);
    });
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      fail(`ended (${signal ?? String(code)}) before it listened`);
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      // Later words are not for us, but have to be read.
      if (said.length > 20_000) return;
      said += text;
      const [, url] = /^DevTools listening on (ws:\S+)$/m.exec(said) ?? [];
      if (url === undefined) return;
      clearTimeout(timer);
      resolve(url);
    });
  });
}

async function exited(child: ChildProcess, withinMs: number): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<void>((resolve) => (timer = setTimeout(resolve, withinMs)));
  await Promise.race([exit, tooLate]);
  clearTimeout(timer);
}

/** Whatever is left of the group: what still ran would write into the profile while it is removed. */
async function end(child: ChildProcess): Promise<void> {
  const { pid } = child;
  if (pid === undefined) return;
  await exited(child, signalled(pid, 'SIGKILL') ? closeWithinMs : 0);
  // Those that have ended may stay for a while where orphans are reaped late: they write nothing.
  await eventually('the group to be gone', () => !signalled(pid, 0), { withinMs: 200 }).catch(() => undefined);
}

/** False if nothing is left of the group. */
function signalled(group: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-group, signal);
  } catch {
    return false;
  }
}
