import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from '@jest/globals';
import { Chromium } from '../support/browser/chromium.js';
import { itWithChromium } from '../support/browser/with-chromium.js';
import { eventually } from '../support/eventually.js';
import { repository } from '../support/stage/build-under-test.js';

interface Process {
  readonly pid: number;
  readonly command: string;
}

/** The processes of a group that haven't ended. */
function groupOf(leader: number): readonly Process[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.flatMap((name) => {
    try {
      // pid (name) state parent group ...
      const [, state, , group] = /\) (\w) (\d+) (\d+)/.exec(readFileSync(`/proc/${name}/stat`, 'utf8')) ?? [];
      if (Number(group) !== leader || state === 'Z') return [];
      return [{ pid: Number(name), command: readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ') }];
    } catch {
      return [];
    }
  });
}

const statusOf = (pid: number, field: string): string =>
  new RegExp(`^${field}:\\s+(\\S+)`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '';

itWithChromium('it runs as nobody in its sandbox, and leaves nothing behind', async () => {
  const chromium = await Chromium.start();
  const { pid, profilePath } = chromium;
  try {
    const page = await (await chromium.newContext()).newPage();
    await page.goto('data:text/html,hello');
    const processes = groupOf(pid);
    const renderers = processes.filter(({ command }) => command.includes('--type=renderer'));
    expect(renderers.length).toBeGreaterThan(0);
    for (const process of processes) {
      expect(process.command).not.toContain('--no-sandbox');
      expect(statusOf(process.pid, 'Uid')).not.toBe('0');
    }
    for (const renderer of renderers) {
      // Filtered system calls, in a namespace of its own.
      expect(statusOf(renderer.pid, 'Seccomp')).toBe('2');
      expect(readlinkSync(`/proc/${renderer.pid}/ns/pid`)).not.toBe(readlinkSync(`/proc/${pid}/ns/pid`));
    }
  } finally {
    await chromium.close();
  }
  expect(groupOf(pid)).toEqual([]);
  expect(existsSync(profilePath)).toBe(false);
});

const compiled = pathToFileURL(join(repository, 'dist/test/support/browser/chromium.js')).href;
const program = `
  import { Chromium } from ${JSON.stringify(compiled)};
  const { pid, profilePath } = await Chromium.start();
  console.log(JSON.stringify({ pid, profilePath }));
`;

itWithChromium('it ends with a test that is killed', async () => {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
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
  }
});
