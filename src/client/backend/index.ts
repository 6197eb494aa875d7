export {
  verifyWebhook,
  WebhookError,
  type VerifiedWebhook,
  type VerifyOptions,
  type WebhookEvent,
  type WebhookHeaders,
} from './verify-webhook.js';
