import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '../eventually.js';
import { infoOf, type RedisNode } from './redis-node.js';

/** A state of a server in which it refuses commands that are right. */
export interface Refusal {
  /** The word with which its replies begin. */
  readonly reply: string;
  readonly when: string;
  begin(node: RedisNode): Promise<void>;
  end(node: RedisNode): Promise<void>;
}

const nobodysPort = 1;

const memoryIsFull: Refusal = {
  reply: 'OOM',
  when: 'its memory is full',
  begin: (node) => set(node, 'maxmemory', '1'),
  end: (node) => set(node, 'maxmemory', '0'),
};

const diskIsFull: Refusal = {
  reply: 'MISCONF',
  when: 'it cannot write its data to disk',
  async begin(node) {
    const gone = join(node.directory, 'gone');
    await mkdir(gone);
    await set(node, 'dir', gone);
    await rm(gone, { recursive: true });
    await set(node, 'save', '3600 1000000');
    await node.admin.bgsave();
    await eventually('the save to fail', async () => (await infoOf(node, 'rdb_last_bgsave_status')) === 'err');
  },
  async end(node) {
    await set(node, 'dir', node.directory);
    await set(node, 'save', '');
  },
};

const isReplica: Refusal = {
  reply: 'READONLY',
  when: 'it was made a replica',
  async begin(node) {
    await node.admin.replicaof('127.0.0.1', nobodysPort);
  },
  async end(node) {
    await node.admin.replicaof('NO', 'ONE');
  },
};

const masterIsDown: Refusal = {
  reply: 'MASTERDOWN',
  when: 'it is a replica whose master is down, and may not serve what it has',
  async begin(node) {
    await set(node, 'replica-serve-stale-data', 'no');
    await isReplica.begin(node);
  },
  async end(node) {
    await isReplica.end(node);
    await set(node, 'replica-serve-stale-data', 'yes');
  },
};

const hasNoReplicas: Refusal = {
  reply: 'NOREPLICAS',
  when: 'it has fewer replicas than it must write to',
  begin: (node) => set(node, 'min-replicas-to-write', '1'),
  end: (node) => set(node, 'min-replicas-to-write', '0'),
};

const scriptHangs: Refusal = {
  reply: 'BUSY',
  when: "somebody's script hangs",
  async begin(node) {
    await set(node, 'busy-reply-threshold', '50');
    const other = node.admin.duplicate();
    other
      .eval('while true do end', 0)
      .catch(() => undefined)
      .finally(() => other.disconnect());
    await eventually('Redis to be busy', () => refuses(node, 'BUSY'));
  },
  async end(node) {
    await node.admin.script('KILL');
  },
};

/** Those that the server leaves when it is told to. */
export const REFUSALS: readonly Refusal[] = [
  memoryIsFull,
  diskIsFull,
  isReplica,
  masterIsDown,
  hasNoReplicas,
  scriptHangs,
];

/** Asks over a connection of its own: the library's others wait by themselves until a server has loaded. */
export async function refuses(node: RedisNode, reply: string): Promise<boolean> {
  const asking = node.admin.duplicate({ enableReadyCheck: false, retryStrategy: null });
  asking.on('error', () => undefined);
  const answer = await asking.get('x').catch((error: unknown) => String(error));
  asking.disconnect();
  return answer?.includes(`${reply} `) === true;
}

async function set(node: RedisNode, name: string, value: string): Promise<void> {
  await node.admin.config('SET', name, value);
}
