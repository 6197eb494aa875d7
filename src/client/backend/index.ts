export {
  Backend,
  type BackendOptions,
  type Sending,
  type SendTo,
  type Sent,
  type ReadMessage,
  type ReadOptions,
} from './backend.js';
export { BackendError, type BackendErrorName } from './backend-error.js';
export {
  type FieldInfo,
  type IfVersion,
  type SessionData,
  type SessionInfo,
  type Sessions,
  type StoredField,
} from './sessions.js';
export {
  verifyWebhook,
  WebhookError,
  type VerifiedWebhook,
  type VerifyOptions,
  type WebhookEvent,
  type WebhookHeaders,
} from './verify-webhook.js';
export type { Json } from '../../protocol/frames.js';
