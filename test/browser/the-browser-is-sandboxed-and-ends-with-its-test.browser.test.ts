import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from '@jest/globals';
import { Chromium } from '../support/browser/chromium.js';
import { itWithChromium } from '../support/browser/with-chromium.js';
import { eventually } from '../support/eventually.js';
import { repository } from '../support/stage/build-under-test.js';
import { makeTemporaryDirectory } from '../support/temporary-directory.js';

interface Process {
  readonly command: string;
  /** The real user. */
  readonly uid: string;
  /** 2: its system calls are filtered. */
  readonly seccomp: string;
  readonly pidNamespace: string;
}

/** The processes of a group that haven't ended. */
function groupOf(leader: number): readonly Process[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => {
    try {
      // pid (name) state parent group ...
      const [, state = 'Z', group] = /\) (\w) \d+ (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
      return Number(group) === leader && state !== 'Z' ? [processOf(pid)] : [];
    } catch {
      // It has ended meanwhile.
      return [];
    }
  });
}

function processOf(pid: string): Process {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const field = (name: string) => new RegExp(`^${name}:\\s+(\\S+)`, 'm').exec(status)?.[1] ?? '';
  return {
    command: readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' '),
    uid: field('Uid'),
    seccomp: field('Seccomp'),
    pidNamespace: namespaceOf(pid),
  };
}

/** Only root may look into what is shut in. */
function namespaceOf(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return 'not for us';
  }
}

itWithChromium('it runs as nobody in its sandbox, and leaves nothing behind', async () => {
  const chromium = await Chromium.start();
  const { pid, profilePath } = chromium;
  try {
    const page = await (await chromium.newContext()).newPage();
    await page.goto('data:text/html,hello');
    const { pidNamespace: outside } = processOf(String(pid));
    const processes = groupOf(pid);
    expect(processes.length).toBeGreaterThan(2);
    expect(processes.filter(({ uid, command }) => uid === '0' || command.includes('--no-sandbox'))).toEqual([]);
    // One that has just been started may be on its way into the sandbox.
    await eventually('renderers to be shut in, with system calls filtered', () => {
      const renderers = groupOf(pid).filter(({ command }) => command.includes('--type=renderer'));
      const areIn = renderers.every(({ seccomp, pidNamespace }) => seccomp === '2' && pidNamespace !== outside);
      return renderers.length > 0 && areIn;
    });
  } finally {
    await chromium.close();
  }
  await eventually('the last process to be gone', () => groupOf(pid).length === 0);
  expect(existsSync(profilePath)).toBe(false);
});

const compiled = pathToFileURL(join(repository, 'dist/test/support/browser/chromium.js')).href;
const program = `
  import { Chromium } from ${JSON.stringify(compiled)};
  const { pid, profilePath } = await Chromium.start();
  console.log(JSON.stringify({ pid, profilePath }));
`;

itWithChromium('it ends with a test that is killed', async () => {
  // The driver's own directory outlives a process that is killed. The browser's user goes through to its profile.
  const place = await makeTemporaryDirectory('killed');
  await chmod(place.path, 0o711);
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    env: { ...process.env, TMPDIR: place.path },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const [said] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
    const { pid, profilePath } = JSON.parse(said) as { pid: number; profilePath: string };
    expect(groupOf(pid).length).toBeGreaterThan(2);
    child.kill('SIGKILL');
    const gone = () => groupOf(pid).length === 0 && !existsSync(profilePath);
    await eventually('the browser and its profile to be gone', gone, { withinMs: 10_000 });
  } finally {
    child.kill('SIGKILL');
    await place.remove();
  }
});
