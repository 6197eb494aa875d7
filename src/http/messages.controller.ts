import type { ServerResponse } from 'node:http';
import { Body, Controller, Headers, HttpStatus, Inject, Post, Res, UseGuards } from '@nestjs/common';
import { z } from 'zod';
import type { Backend } from '../auth/principal.js';
import { BatonError } from '../lib/baton-error.js';
import { Sender, type Sent } from '../messaging/send.js';
import type { SendTarget } from '../messaging/send-target.js';
import type { Json } from '../protocol/frames.js';
import {
  isChannelName,
  isSessionId,
  isUserId,
  type ChannelName,
  type SessionId,
  type UserId,
} from '../protocol/ids.js';
import { ApiKeyGuard, Caller } from './api-key.guard.js';
import { BodyOf } from './request-shape.js';

const targetSchema: z.ZodType<SendTarget> = z.union(
  [
    z.strictObject({ session: z.custom<SessionId>(isSessionId) }),
    z.strictObject({ user: z.custom<UserId>(isUserId) }),
    z.strictObject({ channel: z.custom<ChannelName>(isChannelName) }),
    z.strictObject({ tenant: z.literal(true) }),
  ],
  'must be one of {session}, {user}, {channel} with a valid name, or {tenant: true}',
);

interface SendBody {
  readonly to: SendTarget;
  readonly data: Json;
}
const sendSchema: z.ZodType<SendBody> = z.strictObject({
  to: targetSchema,
  data: z.custom<Json>((value) => value !== undefined, 'is required'),
});

/** Printable, so that it survives every proxy and log as it is. */
const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,128}$/;

@Controller('v1/messages')
@UseGuards(ApiKeyGuard)
export class MessagesController {
  constructor(@Inject(Sender) private readonly sender: Sender) {}

  /** 201 for a new message, 200 for the repeat of one. */
  @Post()
  async send(
    @Caller() backend: Backend,
    @Body(new BodyOf(sendSchema)) { to, data }: SendBody,
    @Headers('idempotency-key') key: string | undefined,
    @Res({ passthrough: true }) response: ServerResponse,
  ): Promise<Sent> {
    if (key !== undefined && !IDEMPOTENCY_KEY.test(key))
      throw new BatonError('bad-request', 'Idempotency-Key must be 1 to 128 printable ASCII characters without spaces');
    const sent = await this.sender.send(backend, to, data, key ?? null);
    response.statusCode = sent.repeated ? HttpStatus.OK : HttpStatus.CREATED;
    return sent;
  }
}
