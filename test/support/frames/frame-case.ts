import { RawSocket } from './raw-socket.js';

/** Bytes for one write; or a line that must have been heard before the next. */
export type Step = Buffer | string;

/** One of the cases that Autobahn's test suite numbers, with what a session of this service hears. */
export interface FrameCase {
  readonly id: string;
  readonly what: string;
  readonly steps: readonly Step[];
  /** Everything that is heard, in order, up to a close by the server. */
  readonly hears: readonly string[];
  /** There is a close frame among the steps. Otherwise one with 1000 is sent at last. */
  readonly closes?: boolean;
}

export async function play({ steps, closes }: FrameCase, port: number, token: string): Promise<readonly string[]> {
  const raw = await RawSocket.join(port, token);
  if (closes === true) raw.hasSaidClose();
  for (const step of steps)
    if (typeof step === 'string') await raw.until(step);
    else await raw.write([step]);
  return raw.leave();
}

/** With how it ends: the server closes, or answers the close of the test. */
export const toTheEnd = (hears: readonly string[]): readonly string[] =>
  hears.at(-1)?.startsWith('close') === true ? [...hears, 'end'] : [...hears, 'close 1000', 'end'];

/** Text that this service sends back, for cases that were written for an echo: a frame of an unknown type. */
export const saying = (what: Buffer | string): Buffer =>
  Buffer.concat([Buffer.from('{"type":"'), Buffer.from(what), Buffer.from('"}')]);

export const echo = (what: string): string =>
  `error unknown-type: unknown frame type ${JSON.stringify(what).slice(0, 60)}`;

const AROUND = saying('').length;
/** Such a text of exactly so many bytes. */
export const sayingBytes = (length: number): Buffer => saying('~'.repeat(length - AROUND));
export const echoBytes = (length: number): string => echo('~'.repeat(length - AROUND));

export const noJson = 'error bad-frame: the frame is not JSON';

/** Its own data, not that of any suite. */
export const binary = (length: number): Buffer => Buffer.alloc(length, Buffer.from([0xc3, 0x28, 0x00, 0xf0]));

export const numbered = (group: string, cases: readonly Omit<FrameCase, 'id'>[], from = 1): readonly FrameCase[] =>
  cases.map((each, index) => ({ id: `${group}.${index + from}`, ...each }));
