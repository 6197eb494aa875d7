import { exitCodes } from './command.js';
import { commands } from './run-cli.js';

const introduction = `# The command line

\`baton\` is in the repository (\`npx baton\`, after \`npm ci && npm run build\`) and in the image, where it has the
settings and the key files of the pod:

<!-- shown: needs a cluster -->

\`\`\`sh
kubectl exec deployment/baton -- baton check
kubectl exec -it deployment/baton -- baton fleet
\`\`\`

| for | commands | they need |
|---|---|---|
| developing an application | \`dev\`, \`send\`, \`tail\`, \`sessions\` | a service and an API key; \`dev\` needs nothing, and prints both |
| operating the service | \`check\`, \`fleet\`, \`config\` | the settings of a pod |
| credentials | \`secrets\`, \`token\`, \`api-key\` | nothing; \`token\`: the key file that tokens are signed with |

What scripts read is on stdout, everything else on stderr. Commands
that go on end with 0 at Ctrl-C or SIGTERM, and when nobody reads their output any more, as after \`| head\`.

## Variables

| variable | |
|---|---|
| \`BATON_URL\` | the service that \`send\`, \`tail\`, \`sessions\` and \`check --service\` call, unless \`--url\` says another |
| \`BATON_API_KEY\` | their API key, unless \`--api-key-file\` names a file |
| \`BATON_TOKEN\` | printed by \`baton dev\` for your own programs; no command reads it |

\`baton dev\` prints all three, ready to be pasted. No secret is ever an option: everybody on a machine can read the command
lines of others, and a shell keeps them. What a pod reads is in [configuration.md](configuration.md).

## Exit codes

| code | |
|---|---|
`;

/** docs/cli.md */
export function cliPage(): string {
  const codes = Object.entries(exitCodes).map(([code, meaning]) => `| ${code} | ${meaning} |`);
  const sections = commands.map(
    ({ name, summary, usage }) =>
      `\n## baton ${name}\n\n${capital(summary)}.\n\n<!-- tested: test/docs/the-cli-page-is-what-the-commands-say.test.ts -->\n\n\`\`\`text\n${usage}\n\`\`\`\n`,
  );
  return `${introduction}${codes.join('\n')}\n${sections.join('')}`;
}

const capital = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
