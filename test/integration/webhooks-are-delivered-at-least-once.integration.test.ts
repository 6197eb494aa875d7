import { afterEach, expect, it } from '@jest/globals';
import type { WebhookLedger } from '../../src/webhooks/webhook-ledger.js';
import { eventually } from '../support/eventually.js';
import { withRedisConnection } from '../support/sessions/with-redis-connection.js';
import { isSignedWith, Receiver } from '../support/webhooks/receiver.js';
import { secret, targetOf, WebhookPod, type WebhookPodOptions } from '../support/webhooks/webhook-pod.js';

const redis = withRedisConnection();
const ended: (() => unknown)[] = [];
let tenants = 0;
const newTenant = (): string => `tenant-${(tenants += 1)}`;

afterEach(async () => {
  for (const end of ended.splice(0).reverse()) await end();
});

async function receive(port?: number): Promise<Receiver> {
  const receiver = await Receiver.start(port);
  ended.push(() => receiver.stop());
  return receiver;
}
function startPod(receivers: Readonly<Record<string, Receiver>>, options?: WebhookPodOptions): WebhookPod {
  const targets = Object.entries(receivers).map(([tenant, { url }]) => targetOf(tenant, url));
  const pod = new WebhookPod(redis.connection, redis.keyPrefix, targets, options);
  ended.push(() => pod.stop());
  return pod;
}
const many = (pod: WebhookPod, tenant: string, count: number) =>
  Promise.all(Array.from({ length: count }, () => pod.begin(tenant)));
const sessionsHeard = ({ heard }: Receiver) => new Set(heard.map(({ data }) => data.session));
const metricOf = async (pod: WebhookPod, name: string) => {
  const line = (await pod.metrics.render()).split('\n').find((text) => text.startsWith(`baton_${name}`));
  return Number(line?.split(' ').at(-1) ?? 0);
};

it('a session that nobody comes back to is disconnected and then expired', async () => {
  const tenant = newTenant();
  const receiver = await receive();
  const pod = startPod({ [tenant]: receiver }, { sessionTtlMs: 700 });
  const key = await pod.begin(tenant);
  await pod.lose(key);
  const story = ['connected', 'disconnected', 'expired'];
  await eventually('its end', () => receiver.storyOf(key.session).join() === story.join());
  expect(receiver.heard).toHaveLength(3);
});

it('a receiver that is down and comes back hears of each', async () => {
  const tenant = newTenant();
  const before = await Receiver.start();
  await before.stop();
  const pod = startPod({ [tenant]: before });
  const keys = await many(pod, tenant, 30);
  await eventually('some failures', async () => (await metricOf(pod, 'webhook_failures_total')) > 3);
  const receiver = await receive(before.port);
  await eventually('all of them', () => sessionsHeard(receiver).size === keys.length, { withinMs: 10_000 });
  const ids = new Set(receiver.heard.map(({ id }) => id));
  expect(ids.size).toBe(keys.length);
  await eventually('nothing to be left', () => pod.webhooks.waiting.events === 0);
});

it('a failure of any kind is sent again under the same id, a redirection is not followed, and 410 ends it', async () => {
  const tenant = newTenant();
  const receiver = await receive();
  const elsewhere = await receive();
  const tries = new Map<string, number>();
  const answers = [500, { status: 302, headers: { location: elsewhere.url } }, 'hang', 200] as const;
  receiver.answer = ({ id }) => {
    const before = tries.get(id) ?? 0;
    tries.set(id, before + 1);
    return answers[before] ?? 200;
  };
  const pod = startPod({ [tenant]: receiver }, { webhooks: { timeoutMs: 200 } });
  await pod.begin(tenant);
  await eventually('four tries', () => receiver.heard.length === 4, { withinMs: 10_000 });
  expect(new Set(receiver.heard.map(({ id, raw }) => `${id} ${raw}`)).size).toBe(1);
  for (const heard of receiver.heard) expect(isSignedWith(`whsec_${secret.toString('base64')}`, heard)).toBe(true);
  expect(elsewhere.heard).toEqual([]);
  await eventually('it to be delivered', async () => (await metricOf(pod, 'webhooks_delivered_total')) === 1);
  receiver.answer = () => 410;
  await pod.begin(tenant);
  await eventually('it to be given up', async () => (await metricOf(pod, 'webhooks_given_up_total')) === 1);
  await eventually('nothing to be left', () => pod.webhooks.waiting.events === 0);
});

it('a pod that dies between sending and removing leads to another sending with the same id', async () => {
  const tenant = newTenant();
  const receiver = await receive();
  // It gets as far as the answer of the receiver, and no further.
  const dying = (real: WebhookLedger): WebhookLedger => ({
    report: (...args) => real.report(...args),
    conclude: (...args) => real.conclude(...args),
    take: (...args) => real.take(...args),
    orphan: (...args) => real.orphan(...args),
    settle: () => new Promise(() => undefined),
  });
  const lost = startPod({ [tenant]: receiver }, { ledger: dying, webhooks: { timeoutMs: 50 } });
  await lost.begin(tenant);
  await eventually('the first', () => receiver.heard.length === 1);
  lost.stop();
  startPod({ [tenant]: receiver }, { webhooks: { timeoutMs: 50 } });
  await eventually('the second', () => receiver.heard.length === 2, { withinMs: 8_000 });
  const [first, second] = receiver.heard;
  expect([second?.id, second?.raw]).toEqual([first?.id, first?.raw]);
});

it('a receiver that hangs delays nobody else', async () => {
  const [stuck, well] = [newTenant(), newTenant()];
  const [hanging, receiver] = [await receive(), await receive()];
  hanging.answer = () => 'hang';
  const pod = startPod({ [stuck]: hanging, [well]: receiver }, { webhooks: { timeoutMs: 5_000 } });
  await many(pod, stuck, 60);
  await eventually('the first to hang', () => hanging.heard.length > 0);
  await many(pod, well, 60);
  await eventually('all of the others', () => sessionsHeard(receiver).size === 60, { withinMs: 2_500 });
  expect(hanging.heard.length).toBeLessThanOrEqual(2);
});

it('a full queue drops the oldest, and counts them', async () => {
  const tenant = newTenant();
  const receiver = await receive();
  let open = false;
  receiver.answer = () => (open ? 204 : 503);
  const pod = startPod({ [tenant]: receiver }, { webhooks: { queue: 20 } });
  const before = await many(pod, tenant, 15);
  await eventually('the first to wait', () => pod.webhooks.waiting.events === 15);
  const after = await many(pod, tenant, 20);
  await eventually('the older to make room', async () => (await metricOf(pod, 'webhooks_dropped_total')) === 15);
  receiver.heard.splice(0);
  open = true;
  await eventually('the rest', () => after.every(({ session }) => sessionsHeard(receiver).has(session)));
  await eventually('nothing to be left', () => pod.webhooks.waiting.events === 0);
  expect(before.filter(({ session }) => sessionsHeard(receiver).has(session)).length).toBeLessThanOrEqual(1);
});

it('what a pod could not report is reported when it claims its sessions again', async () => {
  const tenant = newTenant();
  const receiver = await receive();
  const pod = startPod({ [tenant]: receiver });
  pod.stop();
  const key = await pod.begin(tenant);
  const next = startPod({ [tenant]: receiver });
  const row = await next.store.get(key);
  if (row === null) throw new Error('the session is gone');
  const { attempt, connection, pod: holder } = row;
  await next.store.claimAll([{ ...key, attempt, connection, pod: holder }]);
  await eventually('it to be told', () => receiver.storyOf(key.session).join() === 'connected');
});
