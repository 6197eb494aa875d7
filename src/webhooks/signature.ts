import { createHmac } from 'node:crypto';

export const SECRET_PREFIX = 'whsec_';

/**
 * `webhook-signature` as Standard Webhooks have it: `v1,<HMAC-SHA256 of id.timestamp.body in base64>`, one for each secret,
 * separated by spaces: while one replaces another, a receiver that knows either can verify.
 */
export function signatureOf(secrets: readonly Buffer[], id: string, timestampSeconds: number, body: string): string {
  const signed = `${id}.${timestampSeconds}.${body}`;
  return secrets.map((secret) => `v1,${createHmac('sha256', secret).update(signed).digest('base64')}`).join(' ');
}
