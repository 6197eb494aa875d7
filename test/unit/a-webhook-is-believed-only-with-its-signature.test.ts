import { describe, expect, it } from '@jest/globals';
import { verifyWebhook } from '../../src/client/backend/index.js';
import { signatureOf } from '../../src/webhooks/signature.js';

const key = Buffer.from('a key of 32 bytes, as it must be');
const other = Buffer.from('another key that is 32 bytes too');
const secretOf = (bytes: Buffer): string => `whsec_${bytes.toString('base64')}`;
const nowMs = 1_790_000_000_000;
const seconds = nowMs / 1_000;
const event = {
  type: 'session.connected',
  timestamp: '2026-09-21T14:13:20.000Z',
  data: { tenant: 'acme', session: 's', user: 'ädä' },
};
const body = JSON.stringify(event);

/** As the service signs it, changed on the way. */
const headersOf = (
  change: Record<string, string> = {},
  keys: readonly Buffer[] = [key],
  at = seconds,
  text = body,
) => ({
  'webhook-id': 'msg_1',
  'webhook-timestamp': String(at),
  'webhook-signature': signatureOf(keys, 'msg_1', at, text),
  ...change,
});
const verify = (
  headers: ReturnType<typeof headersOf> | Headers,
  text: string | Uint8Array = body,
  secret = secretOf(key),
) => verifyWebhook(headers, text, secret, { nowMs });

describe('a webhook as the service signs it', () => {
  it.each([
    ['standard headers', () => verify(new Headers(headersOf()))],
    ['headers of Node', () => verify(headersOf())],
    ['bytes', () => verify(headersOf(), Buffer.from(body))],
    ['two secrets of the sender', () => verify(headersOf({}, [other, key]))],
    [
      'two secrets of the receiver',
      () => verifyWebhook(headersOf(), body, [secretOf(other), secretOf(key)], { nowMs }),
    ],
    [
      'a signature of another kind beside it',
      () => verify(headersOf({ 'webhook-signature': `v1a,xyz v1,? ${signatureOf([key], 'msg_1', seconds, body)}` })),
    ],
    ['an age within five minutes', () => verify(headersOf({}, [key], seconds - 299))],
    ['a clock that is behind', () => verify(headersOf({}, [key], seconds + 299))],
  ])('is believed: %s', async (_what, verified) => {
    await expect(verified()).resolves.toEqual({ id: 'msg_1', event });
  });

  it('is that of the examples of Standard Webhooks', async () => {
    const example = '{"test": 2432232314}';
    const headers = {
      'Webhook-Id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'Webhook-Timestamp': '1614265330',
      'Webhook-Signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    };
    const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    const verified = verifyWebhook(headers, example, secret, { nowMs: 1_614_265_330_000 });
    // Its signature is right: only its body is none of ours.
    await expect(verified).rejects.toMatchObject({ code: 'bad-body' });
  });
});

describe('a webhook is not believed', () => {
  const signed = (text: string) => () => verify(headersOf({}, [key], seconds, text), text);
  it.each([
    ['without an id', 'missing-header', () => verify(headersOf({ 'webhook-id': '' }))],
    ['without a signature', 'missing-header', () => verify(headersOf({ 'webhook-signature': '' }))],
    ['without a time', 'missing-header', () => verify(headersOf({ 'webhook-timestamp': '' }))],
    ['with a time that is none', 'bad-timestamp', () => verify(headersOf({ 'webhook-timestamp': '0x10' }))],
    ['that is older than five minutes', 'bad-timestamp', () => verify(headersOf({}, [key], seconds - 301))],
    ['from the future', 'bad-timestamp', () => verify(headersOf({}, [key], seconds + 301))],
    ['with another secret', 'bad-signature', () => verify(headersOf({}, [other]))],
    ['with another id', 'bad-signature', () => verify(headersOf({ 'webhook-id': 'msg_2' }))],
    ['with another time', 'bad-signature', () => verify(headersOf({ 'webhook-timestamp': String(seconds - 1) }))],
    ['with another body', 'bad-signature', () => verify(headersOf(), body.replace('acme', 'evil'))],
    ['with a signature cut short', 'bad-signature', () => verify(headersOf({ 'webhook-signature': 'v1,AAAA' }))],
    [
      'with a signature that is no base64',
      'bad-signature',
      () => verify(headersOf({ 'webhook-signature': 'v1,%%%%' })),
    ],
    ['whose body is no JSON', 'bad-body', signed('{')],
    ['whose body is no event', 'bad-body', signed('[]')],
    ['whose event has no data', 'bad-body', signed('{"type":"x"}')],
  ])('%s', async (_what, code, verified) => {
    await expect(verified()).rejects.toMatchObject({ name: 'WebhookError', code });
  });

  it.each(['', 'whsec_', 'MDA=', 'whsec_not base64'])(
    'and a secret that is none (%j) is a fault of the receiver',
    async (secret) => {
      await expect(verify(headersOf(), body, secret)).rejects.toThrow(TypeError);
    },
  );
});
