import { createHash } from 'node:crypto';
import type { Backend } from '../auth/principal.js';
import { BatonError } from '../lib/baton-error.js';
import { randomId } from '../lib/random-id.js';
import { MAX_DATA_BYTES } from '../protocol/bounds.js';
import { brokenBound } from '../protocol/codec.js';
import type { Json } from '../protocol/frames.js';
import type { SessionStore } from '../sessions/session-store.js';
import type { StreamLog } from '../streams/stream-log.js';
import { requireGrant, targetOwner, type SendTarget } from './send-target.js';

export interface Sent {
  /** The message's place in its stream. */
  readonly offset: number;
  /** True if an earlier send with the same key had the effect; this one changed nothing. */
  readonly repeated: boolean;
}

/** What backends send: into a stream's log, from where it reaches every subscriber of every pod. */
export class Sender {
  constructor(
    private readonly log: StreamLog,
    private readonly sessions: Pick<SessionStore, 'get'>,
  ) {}

  /**
   * Resolves once Redis has committed the message. Rejects with BatonError: `forbidden`, `too-big`, `bad-request`,
   * `not-found` for a session that is missing or another tenant's, `unavailable` when the outcome is unknown: the same
   * `idempotencyKey` again finds out. Without a key every call is a message of its own.
   */
  async send(backend: Backend, to: SendTarget, data: Json, idempotencyKey: string | null): Promise<Sent> {
    requireGrant(backend, to, 'publish');
    const text = textOf(data);
    const owner = targetOwner(backend, to);
    if (owner.kind === 'session' && (await this.sessions.get(owner)) === null) throw new BatonError('not-found');
    const idempotency = idempotencyKey === null ? randomId() : idempotencyHash(backend, idempotencyKey);
    const result = await this.log.append(owner, { kind: 'send', idempotency, data: text });
    if (result.kind === 'sent') return { offset: result.offset, repeated: result.repeated };
    if (result.kind === 'refused') throw new BatonError(result.code);
    throw new BatonError('internal', `a send was answered with ${result.kind}`);
  }
}

/** 43 characters, so that it is never one of the pod's own ids (22); a key of one API key is nobody else's. */
function idempotencyHash({ tenant, keyId }: Backend, key: string): string {
  return createHash('sha256')
    .update(JSON.stringify([tenant, keyId, key]))
    .digest('base64url');
}

function textOf(data: Json): string {
  const broken = brokenBound(data);
  if (broken !== null) throw new BatonError('bad-request', broken);
  const text = JSON.stringify(data);
  const size = Buffer.byteLength(text);
  if (size > MAX_DATA_BYTES)
    throw new BatonError('too-big', `data may have ${MAX_DATA_BYTES} bytes as JSON, not ${size}`);
  return text;
}
