import { parseArgs } from 'node:util';
import { ConfigError, loadConfig, type Environment } from '../config/load-config.js';
import { settingsOf, type Setting } from '../config/settings-list.js';
import type { Command } from './command.js';
import { tableLines } from './table.js';

export const configCommand: Command = {
  name: 'config',
  summary: 'show every setting, its value, its default, and where it is from',
  usage: `baton config [--set] [--json]

  --set   only those that the environment sets
  --json  one object a line: {"key", "value", "fallback", "from", "problem"}

Reads the environment as a pod does: in a pod, it shows what that pod runs with. Secrets are shown as set or unset, and so
is what may hold one by mistake; most of them are files anyway, of which it shows the path. What is wrong, also of settings
together, is told on stderr, and it ends with 1.`,

  run(args, terminal) {
    const { values } = parseArgs({
      args: [...args],
      options: { set: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
    });
    const shown = settingsOf(terminal.env).filter(({ from }) => !values.set || from === 'environment');
    if (values.json) for (const setting of shown) terminal.print(JSON.stringify(setting));
    else
      for (const line of tableLines(['SETTING', 'VALUE', 'DEFAULT', 'FROM'], shown.map(cellsOf))) terminal.print(line);
    const problems = problemsOf(terminal.env);
    for (const problem of problems) terminal.tell(problem);
    return Promise.resolve(problems.length === 0 ? 0 : 1);
  },
};

const cellsOf = ({ key, value, fallback, from, problem }: Setting): readonly string[] => [
  key,
  value ?? '-',
  fallback ?? '-',
  problem === null ? from : `${from}: ${problem}`,
];

function problemsOf(env: Environment): readonly string[] {
  try {
    loadConfig(env);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message.split('\n');
  }
}
