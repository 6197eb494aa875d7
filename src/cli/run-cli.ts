import { SecretFileError } from '../auth/secret-file.js';
import { ConfigError } from '../config/load-config.js';
import { apiKeyCommand } from './api-key-command.js';
import { CommandFailure, UsageError, type Command, type ExitCode, type Terminal } from './command.js';
import { checkCommand } from './check-command.js';
import { configCommand } from './config-command.js';
import { devCommand } from './dev-command.js';
import { fleetCommand } from './fleet-command.js';
import { secretsCommand } from './secrets-command.js';
import { sendCommand } from './send-command.js';
import { sessionsCommand } from './sessions-command.js';
import { tailCommand } from './tail-command.js';
import { tokenCommand } from './token-command.js';

/** In the order of the overview. What is heavy, a command imports when it runs. */
export const commands: readonly Command[] = [
  devCommand,
  sendCommand,
  tailCommand,
  sessionsCommand,
  fleetCommand,
  configCommand,
  checkCommand,
  secretsCommand,
  tokenCommand,
  apiKeyCommand,
];

export async function runCli(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const [name, ...rest] = args;
  if (name === undefined || name === '--help' || name === '-h') {
    terminal.print(overview());
    return name === undefined ? 2 : 0;
  }
  if (name === 'help') return help(rest[0], terminal);
  const command = commands.find((known) => known.name === name);
  if (!command) return unknown(name, terminal);
  if (rest.includes('--help') || rest.includes('-h')) return help(name, terminal);
  try {
    return await command.run(rest, terminal);
  } catch (error) {
    return explain(error, command, terminal);
  }
}

function help(name: string | undefined, terminal: Terminal): ExitCode {
  if (name === undefined) {
    terminal.print(overview());
    return 0;
  }
  const command = commands.find((known) => known.name === name);
  if (!command) return unknown(name, terminal);
  terminal.print(command.usage);
  return 0;
}

function unknown(name: string, terminal: Terminal): ExitCode {
  terminal.tell(`baton: there is no command ${JSON.stringify(name)}\n\n${overview()}`);
  return 2;
}

function explain(error: unknown, command: Command, terminal: Terminal): ExitCode {
  if (error instanceof UsageError || hasCode(error, 'ERR_PARSE_ARGS_')) {
    terminal.tell(`baton ${command.name}: ${error.message}\n\n${command.usage}`);
    return 2;
  }
  if (error instanceof CommandFailure) {
    terminal.tell(`baton ${command.name}: ${error.message}`);
    return error.exitCode;
  }
  const isNamed = error instanceof ConfigError || error instanceof SecretFileError || hasCode(error, 'E');
  if (isNamed) terminal.tell(`baton ${command.name}: ${error.message}`);
  else terminal.tell(`baton ${command.name}: failed, which it should not: ${String(error)}`);
  return 1;
}

/** Node's own errors carry a code: ERR_PARSE_ARGS_... for options, EACCES and its like for files. */
function hasCode(error: unknown, prefix: string): error is Error & { readonly code: string } {
  const code: unknown = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && code.startsWith(prefix);
}

export function overview(): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const lines = commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return ['baton <command> [options]', '', ...lines, '', 'baton help <command> says more.'].join('\n');
}
