import type { ServerResponse } from 'node:http';
import { Controller, Get, Inject, Param, Query, Res, UseGuards } from '@nestjs/common';
import type { Backend } from '../auth/principal.js';
import { DrainCoordinator } from '../draining/drain-coordinator.js';
import { StreamReader, type ReadRequest, type StreamPage } from '../messaging/stream-reader.js';
import type { SendTarget } from '../messaging/send-target.js';
import { ApiKeyGuard, Caller } from './api-key.guard.js';
import { ReadQuery, StreamParam } from './request-shape.js';

/** What clients publish, for backends without a socket. */
@Controller('v1/streams')
@UseGuards(ApiKeyGuard)
export class StreamsController {
  constructor(
    @Inject(StreamReader) private readonly reader: StreamReader,
    @Inject(DrainCoordinator) private readonly drain: DrainCoordinator,
  ) {}

  @Get(':stream/messages')
  async messages(
    @Caller() backend: Backend,
    @Param('stream', StreamParam) target: SendTarget,
    @Query(new ReadQuery()) request: ReadRequest,
    @Res({ passthrough: true }) response: ServerResponse,
  ): Promise<string> {
    const gone = new AbortController();
    response.once('close', () => {
      gone.abort();
    });
    const page = await this.reader.read(backend, target, request, gone.signal);
    // It may have begun while this waited.
    if (this.drain.isDraining && !response.headersSent) response.setHeader('Connection', 'close');
    response.setHeader('Content-Type', 'application/json; charset=utf-8');
    return textOf(page);
  }
}

/** Data is JSON text already, and stays the bytes that were published. */
function textOf({ entries, reset, after }: StreamPage): string {
  const messages = entries.map(({ offset, id, data }) => `{"offset":${offset},"id":"${id}","data":${data}}`);
  const resetPart = reset === null ? '' : `"reset":{"reason":"${reset}"},`;
  return `{${resetPart}"messages":[${messages.join(',')}],"after":"${after.offset}:${after.id}"}`;
}
