import { MAX_JSON_DEPTH, MAX_JSON_KEYS, MAX_NUMBER, MAX_STREAMS_PER_SESSION } from './bounds.js';
import type { ErrorName } from './error-codes.js';
import type {
  ClientFrame,
  HelloFrame,
  Json,
  PresenceAskFrame,
  PublishFrame,
  ServerFrame,
  StreamPositions,
  SubscribeFrame,
} from './frames.js';
import { isChannelName, isEntryId, isPublisherId, isSessionId } from './ids.js';
import type { Position } from './position.js';
import { isStreamName, type StreamName } from './stream-name.js';

/** A frame that was refused: the code, a sentence that names the field, and what it belongs to as far as it could be read. */
export class FrameError extends Error {
  constructor(
    readonly code: ErrorName,
    message: string,
    readonly about: { readonly stream?: StreamName; readonly seq?: number } = {},
  ) {
    super(message);
  }
}

type Fields = Readonly<Record<string, unknown>>;

/** Text of a client's frame to a typed frame. Throws FrameError. Unknown fields are ignored. */
export function parseClientFrame(text: string): ClientFrame {
  const fields = parseObject(text);
  const parse = typeof fields['type'] === 'string' ? parsers.get(fields['type']) : undefined;
  if (!parse) throw new FrameError('unknown-type', `unknown frame type ${show(fields['type'])}`);
  if (parse !== parsePublish) checkBounds(fields, aboutSubscribe(fields));
  return parse(fields);
}

/** Text of a server's frame, as a client reads it: shapes are the server's promise and are not checked field by field. */
export function parseServerFrame(text: string): ServerFrame | null {
  const fields: unknown = JSON.parse(text);
  return isObject(fields) && typeof fields['type'] === 'string' ? (fields as unknown as ServerFrame) : null;
}

export function encodeFrame(frame: ServerFrame | ClientFrame): string {
  return JSON.stringify(frame);
}

/** The text of a `message` around data that is JSON text already. */
export function encodeMessage(stream: StreamName, offset: number, id: string, prev: string, data: string): string {
  return `{"type":"message","stream":"${stream}","offset":${offset},"id":"${id}","prev":"${prev}","data":${data}}`;
}

const parsers: ReadonlyMap<string, (fields: Fields) => ClientFrame> = new Map<string, (fields: Fields) => ClientFrame>([
  ['hello', parseHello],
  ['publish', parsePublish],
  ['subscribe', parseSubscribe],
  ['unsubscribe', (fields) => ({ type: 'unsubscribe', stream: streamField(fields) })],
  ['presence', parsePresence],
  ['token', (fields) => ({ type: 'token', token: stringField(fields, 'token', 16_384) })],
  ['pong', () => ({ type: 'pong' })],
  ['bye', () => ({ type: 'bye' })],
]);

function parseHello(fields: Fields): HelloFrame {
  const session = fields['session'];
  if (session !== undefined && !isSessionId(session)) throw bad('session', 'a session id');
  const publisher = fields['publisher'];
  if (publisher !== undefined && !isPublisherId(publisher)) throw bad('publisher', 'an id of at most 32 characters');
  const attempt = numberField(fields, 'attempt', 1);
  if (session === undefined && attempt !== 1) throw bad('attempt', '1 without `session`');
  return {
    type: 'hello',
    attempt,
    streams: parseStreams(fields['streams'] ?? {}),
    can: parseStrings(fields['can'] ?? [], 'can'),
    hops: fields['hops'] === undefined ? 0 : numberField(fields, 'hops', 0),
    ...(fields['token'] === undefined ? {} : { token: stringField(fields, 'token', 16_384) }),
    ...(session === undefined ? {} : { session, resume: stringField(fields, 'resume', 1_024) }),
    ...(publisher === undefined ? {} : { publisher }),
  };
}

/** type, stream, seq, after, data. */
const PUBLISH_FIELDS = 5;

/** `data` is JSON of any shape: whoever settles the sequence refuses what is out of bounds (see brokenBound). */
function parsePublish(fields: Fields): PublishFrame {
  const stream = streamField(fields);
  const seq = numberField(fields, 'seq', 1);
  const { after, data } = fields;
  if (hasMore(fields)) {
    const { data: _, ...envelope } = fields;
    checkBounds(envelope, { stream, seq });
  }
  if (!isNumber(after, 0) || after >= seq)
    throw new FrameError('bad-frame', '`after` must be a whole number below `seq`', { stream, seq });
  if (data === undefined) return { type: 'publish', stream, seq, after };
  return { type: 'publish', stream, seq, after, data: data as Json };
}

/** Than what was looked at already: nearly no publish has, and its frame needn't be taken to pieces. */
function hasMore(fields: Fields): boolean {
  const known = fields['data'] === undefined ? PUBLISH_FIELDS - 1 : PUBLISH_FIELDS;
  return Object.keys(fields).length !== known || !isNumber(fields['after'], 0);
}

function parseSubscribe(fields: Fields): SubscribeFrame {
  const stream = streamField(fields);
  const position = fields['position'];
  if (position === undefined || position === null) return { type: 'subscribe', stream };
  return { type: 'subscribe', stream, position: parsePosition(position, stream) };
}

/** An error about a subscribe names its stream. */
function aboutSubscribe({ type, stream }: Fields): FrameError['about'] {
  return type === 'subscribe' && isStreamName(stream) ? { stream } : {};
}

function parsePresence(fields: Fields): PresenceAskFrame {
  const { channel, on } = fields;
  if (!isChannelName(channel)) throw bad('channel', 'the name of a channel');
  if (typeof on !== 'boolean') throw bad('on', 'true or false');
  return { type: 'presence', channel, on };
}

function parseStreams(value: unknown): StreamPositions {
  if (!isObject(value)) throw bad('streams', 'an object of positions by stream');
  const entries = Object.entries(value);
  if (entries.length > MAX_STREAMS_PER_SESSION)
    throw new FrameError('too-many-streams', `at most ${MAX_STREAMS_PER_SESSION} streams`);
  const streams: Partial<Record<StreamName, Position | null>> = {};
  for (const [stream, position] of entries) {
    if (!isStreamName(stream)) throw new FrameError('bad-stream', `${show(stream)} is no stream name`);
    streams[stream] = position === null ? null : parsePosition(position, stream);
  }
  return streams;
}

function parsePosition(value: unknown, stream: StreamName): Position {
  if (!isObject(value)) throw new FrameError('bad-frame', '`position` must be {offset, id}', { stream });
  const { offset, id } = value;
  if (!isNumber(offset, 0) || !isEntryId(id))
    throw new FrameError('bad-frame', '`position` must have a whole `offset` >= 0 and an `id`', { stream });
  return { offset, id };
}

function parseStrings(value: unknown, name: string): readonly string[] {
  if (!Array.isArray(value) || value.length > 16 || !value.every((item) => typeof item === 'string'))
    throw bad(name, 'an array of at most 16 strings');
  return value;
}

function parseObject(text: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) throw new FrameError('bad-frame', 'the frame is not JSON');
    throw error;
  }
  if (!isObject(value)) throw new FrameError('bad-frame', 'the frame is not a JSON object');
  return value;
}

function checkBounds(value: unknown, about?: FrameError['about']): void {
  const broken = brokenBound(value);
  if (broken !== null) throw new FrameError('bad-frame', broken, about);
}

/**
 * Which bound of depth, keys or numbers the value breaks, as a sentence; null if none. A message's data and the frame
 * around it are bounded apart. Walks without recursion: a frame of 64 KiB can nest 30,000 deep.
 */
export function brokenBound(value: unknown): string | null {
  if (!isContainer(value)) return brokenNumber(value);
  let keys = 0;
  const open: { readonly node: object; readonly depth: number }[] = [{ node: value, depth: 1 }];
  for (let next = open.pop(); next; next = open.pop()) {
    if (next.depth > MAX_JSON_DEPTH) return `JSON nests deeper than ${MAX_JSON_DEPTH}`;
    if (!Array.isArray(next.node)) keys += Object.keys(next.node).length;
    if (keys > MAX_JSON_KEYS) return `JSON has more than ${MAX_JSON_KEYS} keys`;
    for (const child of Object.values(next.node)) {
      const broken = isContainer(child) ? null : brokenNumber(child);
      if (broken !== null) return broken;
      if (isContainer(child)) open.push({ node: child, depth: next.depth + 1 });
    }
  }
  return null;
}

/**
 * A number that would come out as another than what was written: 1e400 as null, 2^53 + 1 as 2^53. What was written is
 * no longer known after parsing, so that every whole number beyond 2^53 counts, also those that would survive.
 */
function brokenNumber(value: unknown): string | null {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return null;
  if (!Number.isFinite(value)) return 'JSON has a number that is too large to be kept';
  return Number.isInteger(value) ? 'JSON has a whole number beyond 2^53: send it as a string' : null;
}

function streamField(fields: Fields): StreamName {
  const stream = fields['stream'];
  if (!isStreamName(stream)) throw new FrameError('bad-stream', `${show(stream)} is no stream name`);
  return stream;
}

function stringField(fields: Fields, name: string, maxLength: number): string {
  const value = fields[name];
  if (typeof value !== 'string' || value.length === 0 || value.length > maxLength)
    throw bad(name, `a string of 1 to ${maxLength} characters`);
  return value;
}

function numberField(fields: Fields, name: string, min: number): number {
  const value = fields[name];
  if (!isNumber(value, min)) throw bad(name, `a whole number >= ${min} and < 2^53`);
  return value;
}

const isNumber = (value: unknown, min: number): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= min && value <= MAX_NUMBER;
const isContainer = (value: unknown): value is object => typeof value === 'object' && value !== null;
const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  isContainer(value) && !Array.isArray(value);
const bad = (name: string, what: string): FrameError => new FrameError('bad-frame', `\`${name}\` must be ${what}`);
const show = (value: unknown): string => (value === undefined ? 'undefined' : JSON.stringify(value)).slice(0, 60);
