import type { RunningPod } from '../../../src/start-pod.js';
import { call, joinAs, type Installation, type Joined } from '../in-process-pod.js';
import { eventually } from '../eventually.js';

interface KnownSession {
  readonly id: string;
  readonly resume: string;
}

/** What inputs are made from: a pod, and what there is on it. */
export interface Scene {
  readonly pod: RunningPod;
  readonly here: Installation;
  /** Of a user of tenant `acme` who may use all channels. */
  readonly token: string;
  /** A session that is connected, one that has ended, and one of another tenant. */
  readonly session: KnownSession;
  readonly ended: KnownSession;
  readonly foreign: KnownSession;
  /** The log of `channel:log`: its own id, those of its 60 messages, and the own id of another log. */
  readonly log: { readonly epoch: string; readonly ids: readonly string[]; readonly other: string };
}

const MESSAGES = 60;

/** An API key `backend` of tenant `acme` is needed. */
export async function makeScene(pod: RunningPod, here: Installation): Promise<Scene> {
  const token = await here.token('acme', 'ada');
  const joined = await joinAs(pod.port, token, ['channel:log']);
  const other = await joinAs(pod.port, token, ['channel:other']);
  const foreign = await joinAs(pod.port, await here.token('umbrella', 'ada'));
  const ended = await joinAs(pod.port, token);
  ended.client.send({ type: 'bye' });
  await ended.client.close();
  for (let data = 1; data <= MESSAGES; data += 1) {
    const body = { to: { channel: 'log' }, data };
    await call(pod.port, 'POST', '/v1/messages', { bearer: here.bearer('backend'), body });
  }
  const { client } = joined;
  await eventually('the messages', () => client.of('message').length === MESSAGES);
  other.client.terminate();
  foreign.client.terminate();
  const messages = client.of('message');
  const epoch = messages[0]?.prev ?? '';
  const otherEpoch = other.client.of('subscribed')[0]?.position.id ?? '';
  return {
    ...{ pod, here, token },
    ...{ session: known(joined), ended: known(ended), foreign: known(foreign) },
    log: { epoch, ids: messages.map(({ id }) => id), other: otherEpoch },
  };
}

function known({ client, session }: Joined): KnownSession {
  return { id: session, resume: client.of('welcome')[0]?.resume ?? '' };
}
