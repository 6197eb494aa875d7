import { rm } from 'node:fs/promises';
import { beforeEach, expect, it } from '@jest/globals';
import { SteadyPods } from '../../src/connections/steady-pods.js';
import type { Logger } from '../../src/observability/logger.js';
import { Metrics } from '../../src/observability/metrics.js';
import { asPodId, asSessionId, asTenantId, asUserId, type PodId } from '../../src/protocol/ids.js';
import type { SessionRow } from '../../src/sessions/session-store.js';
import { SessionWatch } from '../../src/sessions/session-watch.js';
import type { Sending } from '../../src/webhooks/http-sender.js';
import { MemoryWebhookLedger } from '../../src/webhooks/memory-webhook-ledger.js';
import { ReceiversFile } from '../../src/webhooks/receivers-file.js';
import { Webhooks } from '../../src/webhooks/webhooks.js';
import { WebhooksModule } from '../../src/webhooks/webhooks.module.js';
import { eventually } from '../support/eventually.js';
import { ManualClock, settle } from '../support/manual-clock.js';
import { silentLogger } from '../support/silent-logger.js';
import { withTemporaryFiles } from '../support/temporary-files.js';
import { quick } from '../support/webhooks/webhook-pod.js';

const HOUR = 3_600_000;
const files = withTemporaryFiles();
const row = (tenant: string, path = tenant, byte = 1) => ({
  ...{ tenant, url: `http://receiver.example/${path}` },
  secret: `whsec_${Buffer.alloc(24, byte).toString('base64')}`,
});
const write = (content: unknown) =>
  files.write('receivers.json', typeof content === 'string' ? content : JSON.stringify(content));
const pod = asPodId('pod');

let clock: ManualClock;
let lines: string[];
let sent: Sending[];
let module: WebhooksModule;
let watch: SessionWatch;

beforeEach(async () => {
  [clock, lines, sent] = [new ManualClock(), [], []];
  const note: Logger['info'] = (event, fields) => {
    const { count, error } = fields ?? {};
    lines.push(`${event} ${error instanceof Error ? error.message : Number(count)}`);
  };
  const logger = { ...silentLogger, info: note, error: note };
  const receivers = await ReceiversFile.open(await write([row('acme')]), { clock, logger });
  const living = { among: (pods: readonly PodId[]) => Promise.resolve(new Set(pods)) };
  const limits = {
    ...{ graceMs: quick.graceMs, patrolMs: HOUR, mostEvents: 100 },
    ...{ lookLeaseMs: HOUR, eventLeaseMs: HOUR, ttlMs: HOUR, longestLookMs: HOUR, longestEventMs: HOUR },
  };
  const webhooks = new Webhooks(
    {
      ...{ ledger: new MemoryWebhookLedger(clock, limits), clock, logger, metrics: new Metrics(), podCount: () => 1 },
      store: { get: () => Promise.resolve({ detached: false, pod } as SessionRow) },
      pods: living,
      send: (sending) => {
        sent.push(sending);
        return Promise.resolve({ kind: 'answered', status: 204, retryAfterMs: null });
      },
    },
    receivers.atStart,
    quick,
    { graceMs: quick.graceMs, patrolMs: HOUR, sessionTtlMs: HOUR, silenceMs: 0 },
  );
  watch = new SessionWatch();
  module = new WebhooksModule(
    webhooks,
    new SteadyPods(living, { stale: false }, clock, 10_000),
    receivers,
    watch,
    new Metrics(),
  );
  module.onApplicationBootstrap();
});

/** A session begins at each of these tenants; where that is sent to. */
async function toldOf(...tenants: readonly string[]): Promise<readonly string[]> {
  sent = [];
  for (const tenant of tenants) {
    const session = asSessionId(`s${String(clock.monotonic())}`);
    watch.current?.held({ tenant: asTenantId(tenant), session, user: asUserId('ann'), pod } as SessionRow);
  }
  await clock.run(500);
  return sent.map(({ url }) => url.replace('http://receiver.example/', '')).sort();
}
/** The file is read in real time, at the next look. */
async function nextLook(line: string): Promise<void> {
  await eventually(`the line ${line}`, async () => {
    await clock.run(10_000, 500);
    return lines.some((one) => one.includes(line));
  });
}

it('whoever is new is told, whoever has gone is not, and who has moved is told there', async () => {
  expect(await toldOf('acme', 'more')).toEqual(['acme']);
  await write([row('acme', 'moved'), row('more')]);
  await nextLook('webhook.receivers-changed 2');
  expect(await toldOf('acme', 'more')).toEqual(['more', 'moved']);
  await write([row('more')]);
  await nextLook('webhook.receivers-changed 1');
  expect(await toldOf('acme', 'more')).toEqual(['more']);
  module.onApplicationShutdown();
});

it('a new secret signs what is sent from then on', async () => {
  await toldOf('acme');
  const before = sent[0]?.headers['webhook-signature']?.split(' ').length;
  const [old, fresh] = [row('acme'), row('acme', 'acme', 2)];
  await write([{ ...old, secret: [old.secret, fresh.secret] }]);
  await nextLook('webhook.receivers-changed 1');
  await toldOf('acme');
  expect([before, sent[0]?.headers['webhook-signature']?.split(' ').length]).toEqual([1, 2]);
  module.onApplicationShutdown();
});

it.each([
  ['is wrong', '[{ "tenant": ', 'not JSON'],
  ['has a wrong row', [{ ...row('acme'), url: 'ftp://receiver.example' }], '0.url'],
  ['has gone', null, 'ENOENT'],
])('while the file %s all stays as it was, which is logged once', async (_what, content, sentence) => {
  if (content === null) await rm(`${files.directory}/receivers.json`);
  else await write(content);
  await nextLook(sentence);
  await clock.run(30_000, 500);
  expect(lines).toEqual([expect.stringMatching(/^webhook\.receivers-kept /)]);
  expect(await toldOf('acme')).toEqual(['acme']);
  await write([row('acme', 'mended')]);
  await nextLook('webhook.receivers-changed 1');
  expect(await toldOf('acme')).toEqual(['mended']);
  module.onApplicationShutdown();
});

it('nothing goes on when the pod has ended', async () => {
  module.onApplicationShutdown();
  await settle();
  expect(clock.timers).toBe(0);
});
