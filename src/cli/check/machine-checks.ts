import { readFile } from 'node:fs/promises';
import { fail, ok, warn, type CheckLine } from './check-line.js';

/** What a pod has open beside its clients: Redis, probes, backends, files. */
const BESIDE_CLIENTS = 500;
const WHAT = 'open files';

/** Of this process, which has the limits of a pod that is started in the same place. */
export async function descriptorCheck(capacity: number): Promise<CheckLine> {
  const limits = await readFile('/proc/self/limits', 'utf8').catch(() => '');
  return judgeDescriptors(/^Max open files\s+(\S+)/m.exec(limits)?.[1] ?? null, capacity);
}

/** `limit`: as the kernel writes it; null: unknown. */
export function judgeDescriptors(limit: string | null, capacity: number): CheckLine {
  if (limit === null) return ok(WHAT, 'this system does not say how many a process may have');
  const most = limit === 'unlimited' ? Infinity : Number(limit);
  const says = `${limit} per process, for BATON_CAPACITY ${capacity}`;
  const toDo = `raise the limit to ${capacity + BESIDE_CLIENTS}, or lower BATON_CAPACITY: a connection needs one`;
  if (most >= capacity + BESIDE_CLIENTS) return ok(WHAT, says);
  return most >= capacity ? warn(WHAT, says, toDo) : fail(WHAT, says, toDo);
}
