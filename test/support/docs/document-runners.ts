import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { asSessionId, asTenantId, asUserId } from '../../../src/protocol/ids.js';
import { errorCodes, isErrorName } from '../../../src/protocol/error-codes.js';
import { bodyOf, eventTypes } from '../../../src/webhooks/webhook-event.js';
import { loadWebhookTargets } from '../../../src/webhooks/webhook-targets.js';
import { makeTemporaryDirectory } from '../temporary-directory.js';
import type { BlockRunner } from './block-runner.js';

/** The body of an error over HTTP, as a pod would write it. */
export const errorRunner: BlockRunner = {
  languages: ['json'],
  settings: [],

  run({ block }) {
    const { error } = JSON.parse(block.code) as { readonly error: Readonly<Record<string, unknown>> };
    const { code, message, retryAfterMs, ...more } = error;
    if (!isErrorName(code)) throw new Error(`there is no error ${String(code)}`);
    if (typeof message !== 'string' || Object.keys(more).length > 0) throw new Error('no error has these fields');
    const { temporary } = errorCodes[code];
    if (temporary !== (typeof retryAfterMs === 'number'))
      throw new Error(`${code} is ${temporary ? 'temporary' : 'final'}, and retryAfterMs says otherwise`);
  },
};

/** The file of webhooks, as a pod reads it at its start. */
export const receiversRunner: BlockRunner = {
  languages: ['json'],
  settings: [],

  async run({ block }) {
    const { path, remove } = await makeTemporaryDirectory('docs-webhooks');
    try {
      const file = join(path, 'receivers.json');
      await writeFile(file, block.code);
      await loadWebhookTargets(file);
    } finally {
      await remove();
    }
  },
};

interface ShownEvent {
  readonly type: string;
  readonly timestamp: string;
  readonly data: { readonly tenant: string; readonly session: string; readonly user: string };
}

/** The body of a webhook: what is sent of this event, apart from the spaces. */
export const webhookRunner: BlockRunner = {
  languages: ['json'],
  settings: [],

  run({ block }) {
    const shown = JSON.parse(block.code) as ShownEvent;
    const { tenant, session, user } = shown.data;
    const type = eventTypes.find((known) => known === shown.type);
    if (type === undefined) throw new Error(`there is no event ${shown.type}`);
    const atMs = Date.parse(shown.timestamp);
    const event = { id: 'any', type, atMs, session: asSessionId(session), user: asUserId(user) };
    const real = bodyOf(asTenantId(tenant), event);
    if (JSON.stringify(shown) !== real) throw new Error(`what is sent is ${real}`);
  },
};
