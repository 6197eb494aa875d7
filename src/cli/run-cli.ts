import { SecretFileError } from '../auth/secret-file.js';
import { ConfigError } from '../config/load-config.js';
import { apiKeyCommand } from './api-key-command.js';
import { UsageError, type Command, type Terminal } from './command.js';
import { secretsCommand } from './secrets-command.js';
import { tokenCommand } from './token-command.js';

const commands: readonly Command[] = [secretsCommand, tokenCommand, apiKeyCommand];

/** Exit codes: 0; 1: it could not be done; 2: not called as the usage says. */
export async function runCli(args: readonly string[], terminal: Terminal): Promise<0 | 1 | 2> {
  const [name, ...rest] = args;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    terminal.print(overview());
    return name === undefined ? 2 : 0;
  }
  const command = commands.find((known) => known.name === name);
  if (!command) {
    terminal.tell(`baton: there is no command ${JSON.stringify(name)}\n\n${overview()}`);
    return 2;
  }
  if (rest.includes('--help') || rest.includes('-h')) {
    terminal.print(command.usage);
    return 0;
  }
  try {
    await command.run(rest, terminal);
    return 0;
  } catch (error) {
    return explain(error, command, terminal);
  }
}

function explain(error: unknown, command: Command, terminal: Terminal): 1 | 2 {
  if (error instanceof UsageError || hasCode(error, 'ERR_PARSE_ARGS_')) {
    terminal.tell(`baton ${command.name}: ${error.message}\n\n${command.usage}`);
    return 2;
  }
  const isNamed = error instanceof ConfigError || error instanceof SecretFileError || hasCode(error, 'E');
  if (!isNamed) throw error;
  terminal.tell(`baton ${command.name}: ${error.message}`);
  return 1;
}

/** Node's own errors carry a code: ERR_PARSE_ARGS_... for options, EACCES and its like for files. */
function hasCode(error: unknown, prefix: string): error is Error & { readonly code: string } {
  const code: unknown = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && code.startsWith(prefix);
}

function overview(): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const lines = commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return ['baton <command> [options]', '', ...lines, '', 'baton <command> --help says more.'].join('\n');
}
