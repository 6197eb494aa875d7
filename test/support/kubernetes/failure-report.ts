import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestNamespace } from './namespace.js';
import type { PodLogs } from './pod-logs.js';

const sections: readonly (readonly [title: string, args: readonly string[]])[] = [
  ['Pods', ['get', 'pods', '--output', 'wide']],
  ['Events', ['get', 'events', '--sort-by', '.metadata.creationTimestamp']],
  ['Endpoints', ['get', 'endpointslices', '--output', 'wide']],
];

/**
 * What one looks at first when a test on a cluster has failed, read before its namespace goes: the state of the
 * namespace and the ends of the pods' logs. Also written to a file in the directory, beside the whole logs.
 */
export async function reportFailure(namespace: TestNamespace, logs: PodLogs, directory: string): Promise<string> {
  const parts: string[] = [];
  for (const [title, args] of sections) {
    const { stdout, stderr } = await namespace.tryKubectl(args, { deadlineMs: 15_000 });
    parts.push(`--- ${title}\n${stdout}${stderr}`);
  }
  for (const { pod, text } of logs.tails(25)) parts.push(`--- The end of ${pod}.log\n${text}\n`);
  const report = parts.join('\n');
  mkdirSync(directory, { recursive: true });
  const file = join(directory, 'failure.txt');
  writeFileSync(file, report);
  return `${report}\nAlso in ${file}, with the whole logs beside it.\n`;
}
