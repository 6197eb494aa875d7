import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { connect } from '../../src/client/index.js';
import { eventually } from '../support/eventually.js';
import { CONTINUATION, fragments, frame, json, PING, TEXT, text } from '../support/frames/frame-bytes.js';
import { RawSocket } from '../support/frames/raw-socket.js';
import { joinAs } from '../support/in-process-pod.js';
import { signToken } from '../support/load/credentials.js';
import { podEnvironment, quickDrain, writeSecrets } from '../support/pods/pod-environment.js';
import { PodProcess } from '../support/pods/pod-process.js';
import { ownBuild } from '../support/stage/build-under-test.js';
import { makeTemporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.js';
import { withRedis } from '../support/with-redis.js';

const MIB = 1_048_576;
const READERS = 40;
const MESSAGES = 1_000;
/** 16 MB for each of them, together 640 MB. */
const DATA = 'x'.repeat(16_000);
const QUEUE_BYTES = 262_144;
/** The queues are 10 MB. The rest is what a collector leaves lying about: 250 MB, as much after four times as many messages. */
const ALLOWED_BYTES = 400 * MIB;

const redis = withRedis();
let directory: TemporaryDirectory;
let pod: PodProcess;
let port: number;
let token: string;

beforeEach(async () => {
  directory = await makeTemporaryDirectory('flood');
  const secrets = await writeSecrets(directory.path, []);
  token = await signToken(secrets.signer, 'acme', 'ada');
  pod = PodProcess.start({
    name: 'flooded',
    revision: 'r1',
    main: ownBuild.pod,
    environment: {
      ...podEnvironment({ url: redis.url, keyPrefix: redis.keyPrefix() }, quickDrain),
      ...secrets.environment,
      BATON_POD_NAME: 'flooded',
      BATON_OUTBOUND_QUEUE_BYTES: String(QUEUE_BYTES),
      BATON_WINDOW_BYTES: String(64 * MIB),
      BATON_WINDOW_MESSAGES: String(2 * MESSAGES),
      BATON_MESSAGES_PER_SECOND: '2000',
    },
    logFile: join(directory.path, 'pod.log'),
  });
  ({ port } = await pod.listening);
});
afterEach(async () => {
  pod.signal('SIGKILL');
  await pod.exited;
  await directory.remove();
});

function residentBytes(): number {
  const [, kilobytes = '0'] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pod.pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) * 1_024;
}

/** Subscribed, and never reading again. */
async function deafReader(): Promise<RawSocket> {
  const raw = await RawSocket.join(port, token);
  raw.socket.write(json({ type: 'subscribe', stream: 'channel:flood' }));
  await raw.until('subscribed channel:flood');
  raw.socket.pause();
  return raw;
}

/** Never reads what it is answered, and sends as much as the other side takes. */
async function flood(bytes: Buffer, over: AbortSignal): Promise<void> {
  const many = Buffer.concat(Array<Buffer>(Math.ceil(65_536 / bytes.length)).fill(bytes));
  while (!over.aborted) {
    const raw = await RawSocket.join(port, token);
    raw.socket.pause();
    await eventually(
      'the connection to be ended',
      () => {
        while (raw.socket.writable && raw.socket.write(many));
        return !raw.socket.writable || over.aborted;
      },
      { everyMs: 5, withinMs: 60_000 },
    );
    raw.socket.destroy();
  }
}

const floods: readonly Buffer[] = [
  frame(PING, 'x'.repeat(125)),
  text('?'),
  json({ type: 'publish', stream: 'channel:deaf', seq: 1, after: 0, data: 1 }),
  Buffer.concat(fragments(TEXT, Buffer.from('{"type":"nothing"}'), 1)),
  frame(CONTINUATION, ''),
];

it('clients that never read, and clients that never stop, cost a pod no more than their queues', async () => {
  const reader = await joinAs(port, token, ['channel:flood']);
  const deaf = await Promise.all(Array.from({ length: READERS }, deafReader));
  const before = residentBytes();
  const over = new AbortController();
  const flooding = floods.map((bytes) => flood(bytes, over.signal));
  const writer = connect({ url: `ws://127.0.0.1:${port}`, token });
  let most = 0;
  for (let sent = 0; sent < MESSAGES; sent += 100) {
    await Promise.all(
      Array.from({ length: 100 }, (_, index) => writer.publish('channel:flood', `${sent + index} ${DATA}`)),
    );
    most = Math.max(most, residentBytes());
  }
  await eventually('every message to arrive', () => reader.client.of('message').length >= MESSAGES, {
    withinMs: 20_000,
  });
  over.abort();
  await Promise.all(flooding);
  const numbers = reader.client.of('message').map(({ data }) => (typeof data === 'string' ? parseInt(data, 10) : null));
  expect(numbers).toEqual(Array.from({ length: MESSAGES }, (_, index) => index));
  expect(reader.client.of('reset')).toEqual([]);
  expect(Math.round((most - before) / MIB)).toBeLessThan(ALLOWED_BYTES / MIB);
  for (const { socket } of deaf) socket.destroy();
  await writer.close();
  reader.client.terminate();
});
