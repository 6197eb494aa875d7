import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { CliProcess } from '../support/cli/cli-process.js';
import { eventually } from '../support/eventually.js';

let dev: CliProcess;
let env: Readonly<Record<string, string>>;

beforeAll(async () => {
  dev = CliProcess.start(['dev', '--port', '0']);
  await eventually('the variables', () => dev.out.includes('export BATON_TOKEN='), { withinMs: 15_000 });
  env = Object.fromEntries(
    Array.from(dev.out.matchAll(/^export (\w+)=(\S+)$/gm), ([, key = '', value = '']) => [key, value] as const),
  );
});
afterAll(async () => {
  expect(await dev.interrupt()).toBe(0);
  expect(dev.err).toBe('');
});

const run = async (...args: readonly string[]) => {
  const command = CliProcess.start(args, { env });
  return { code: await command.exited, out: command.out, err: command.err };
};

it('what `baton dev` prints is what the other commands need', async () => {
  expect(Object.keys(env)).toEqual(['BATON_URL', 'BATON_API_KEY', 'BATON_TOKEN']);
  expect(dev.out).toContain(`${env['BATON_URL'] ?? ''}/#${env['BATON_TOKEN'] ?? ''}`);
  const tail = CliProcess.start(['tail', 'channel:room'], { env });
  await eventually(
    'a message',
    async () => {
      expect((await run('send', 'channel:room', '{"text": "hello"}')).code).toBe(0);
      return tail.out !== '';
    },
    { withinMs: 15_000 },
  );
  expect(tail.out).toMatch(/^\d+ {2}\{"text":"hello"\}\n/);
  expect(await tail.interrupt()).toBe(0);
  expect(tail.err).toBe('');
});

it('who no longer reads ends a command without a complaint', async () => {
  const tail = CliProcess.start(['tail', 'channel:unread'], { env });
  tail.stopReading();
  let over = false;
  void tail.exited.then(() => (over = true));
  await eventually('it to end', async () => (await run('send', 'channel:unread', '1')).code === 0 && over, {
    withinMs: 15_000,
  });
  expect({ code: await tail.exited, err: tail.err }).toEqual({ code: 0, err: '' });
});

it('says in a sentence and with its code what went wrong, never with a stack trace', async () => {
  expect(await run('nothing')).toMatchObject({
    code: 2,
    out: '',
    err: expect.stringContaining('no command "nothing"'),
  });
  expect(await run('send', 'channel:x')).toMatchObject({ code: 2, out: '' });
  const away = await run('sessions', 'list', '--url', 'http://127.0.0.1:1');
  expect(away).toMatchObject({ code: 3, out: '' });
  expect(away.err).toMatch(/^baton sessions: http:\/\/127\.0\.0\.1:1 cannot be reached: .*\n$/);
  const unset = await run('fleet', '--once');
  expect(unset).toMatchObject({
    code: 1,
    out: '',
    err: expect.stringContaining('BATON_RESUME_KEYS_FILE: is required'),
  });
  for (const { err } of [away, unset]) expect(err).not.toMatch(/\n {4}at /);
});
