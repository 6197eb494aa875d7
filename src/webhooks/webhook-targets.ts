import { z } from 'zod';
import { readSecretFile, SecretFileError } from '../auth/secret-file.js';
import { blockedPorts } from '../lib/blocked-ports.js';
import { isTenantId, type TenantId } from '../protocol/ids.js';
import { SECRET_PREFIX } from './signature.js';
import { eventTypes, type EventType } from './webhook-event.js';

/** Whom a tenant's events are sent to. */
export interface WebhookTarget {
  readonly tenant: TenantId;
  readonly url: string;
  /** One, or two while one replaces the other: all sign. */
  readonly secrets: readonly Buffer[];
  readonly events: ReadonlySet<EventType>;
}

const MAX_TARGETS = 1_000;
/** What errors call the file. */
export const RECEIVERS = 'webhooks';

/** The bounds of Standard Webhooks. */
const KEY_BYTES = { min: 24, max: 64 };
const SECRET_SHAPE = `must be ${SECRET_PREFIX} and ${KEY_BYTES.min} to ${KEY_BYTES.max} bytes in base64`;
const secret = z
  .string()
  .refine(isSecret, SECRET_SHAPE)
  .transform((text) => keyOf(text));

const row = z.strictObject({
  tenant: z.custom<TenantId>(isTenantId, 'must be a tenant id'),
  url: z
    .string()
    .refine(isReceiver, 'must be a URL of http or https without user, password and fragment')
    .refine(isCallable, 'has a port that fetch never calls: it belongs to another protocol'),
  secret: z.union(
    [secret.transform((key) => [key]), z.array(secret).min(1).max(2)],
    `${SECRET_SHAPE}, or two of them in a list`,
  ),
  events: z
    .array(z.enum(eventTypes as [EventType, ...EventType[]], `must be some of ${eventTypes.join(', ')}`))
    .min(1)
    .optional(),
});
const file = z
  .array(row)
  .max(MAX_TARGETS)
  .refine(
    (rows) => new Set(rows.map(({ tenant }) => tenant)).size === rows.length,
    'a tenant is there twice: there is one receiver a tenant',
  );

/** Rejects with SecretFileError, which names every row and field that is wrong and no secret. */
export async function loadWebhookTargets(path: string): Promise<readonly WebhookTarget[]> {
  return parseWebhookTargets(await readSecretFile(RECEIVERS, path), path);
}

/** As above; throws what that rejects with. */
export function parseWebhookTargets(bytes: Buffer, path: string): readonly WebhookTarget[] {
  const parsed = file.safeParse(parseJson(bytes.toString('utf8'), path));
  if (!parsed.success) throw new SecretFileError(RECEIVERS, path, describe(parsed.error));
  return parsed.data.map(({ tenant, url, secret: secrets, events = eventTypes }) => ({
    ...{ tenant, url, secrets },
    events: new Set(events),
  }));
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // Not its message: it quotes the text.
    if (error instanceof SyntaxError) throw new SecretFileError(RECEIVERS, path, 'the file is not JSON');
    throw error;
  }
}

function describe(error: z.ZodError): string {
  return error.issues.map(({ path, message }) => `${path.join('.') || 'the file'}: ${message}`).join('; ');
}

function isReceiver(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, hash } = new URL(text);
  return ['http:', 'https:'].includes(protocol) && `${username}${password}${hash}` === '';
}

function isCallable(text: string): boolean {
  return !URL.canParse(text) || !blockedPorts.has(Number(new URL(text).port));
}

function isSecret(text: string): boolean {
  if (!text.startsWith(SECRET_PREFIX)) return false;
  const key = keyOf(text);
  // What isn't base64 is skipped by the decoder: compared with what it should have been.
  const canonical = key.toString('base64').replaceAll('=', '') === text.slice(SECRET_PREFIX.length).replace(/=*$/, '');
  return canonical && key.length >= KEY_BYTES.min && key.length <= KEY_BYTES.max;
}

function keyOf(text: string): Buffer {
  return Buffer.from(text.slice(SECRET_PREFIX.length), 'base64');
}
