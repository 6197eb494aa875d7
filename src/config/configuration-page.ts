import type { Option, OptionValue } from './option.js';
import { options, type OptionTable } from './options.js';

const titles: Readonly<Record<keyof OptionTable, string>> = {
  server: 'Ports',
  storage: 'Storage',
  redis: 'Redis',
  auth: 'Credentials',
  streams: 'Streams',
  sessions: 'Sessions',
  connections: 'Connections',
  limits: 'Limits per second',
  pod: 'The pod and its fleet',
  drain: 'Drain',
  kubernetes: 'Kubernetes',
  webhooks: 'Webhooks',
  log: 'Logs',
};

const introduction = `# Configuration

Baton is configured by environment variables, read once at the start. If anything is wrong with them, all of it is printed
to stderr, a line each, and the process exits with 78. An empty variable counts as not set, and a variable that begins with
\`BATON_\` and isn't listed here is refused, so that a misspelt one isn't silently ignored. (In Kubernetes a Service named
\`baton\` makes such variables in every pod of its namespace, unless \`enableServiceLinks\` is false, as in the chart.) Not
refused are those of the [command line](cli.md), \`BATON_URL\`, \`BATON_API_KEY\` and \`BATON_TOKEN\`. \`baton config\` shows
what a pod runs with, \`baton check\` whether it can.

Secrets come as files, never as variables. \`baton secrets\` writes a set of them for development.

This page is written by \`npm run docs:config\` from the table in \`src/config/options.ts\`.
`;

/** docs/configuration.md */
export function configurationPage(): string {
  const sections = Object.entries(titles).map(([section, title]) =>
    sectionPage(title, Object.values(options[section as keyof OptionTable]) as Option<OptionValue>[]),
  );
  return [introduction, ...sections].join('\n');
}

function sectionPage(title: string, rows: readonly Option<OptionValue>[]): string {
  const lines = rows.map(
    (option) => `| \`${option.key}\` | ${option.kind} | ${fallbackOf(option)} | ${option.description} |`,
  );
  return [`## ${title}`, '', '| variable | value | default | |', '|---|---|---|---|', ...lines, ''].join('\n');
}

function fallbackOf(option: Option<OptionValue>): string {
  const { fallback } = option;
  if (fallback === undefined) return '**required**';
  const shown = typeof fallback === 'object' ? (fallback ?? []).join(',') : String(fallback);
  return shown === '' ? 'none' : `\`${shown}\``;
}
