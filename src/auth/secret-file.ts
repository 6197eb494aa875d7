import { readFile } from 'node:fs/promises';

/** A file that the process cannot start without. The message names the path and never what is in it. */
export class SecretFileError extends Error {
  constructor(what: string, path: string, problem: string, cause?: unknown) {
    super(`${what} in ${path}: ${problem}`, cause === undefined ? undefined : { cause });
  }
}

/** The bytes of a file without the line break that editors and `echo` put at its end. Rejects with SecretFileError. */
export async function readSecretFile(what: string, path: string): Promise<Buffer> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    // Only the system's errors have a code (ENOENT, EACCES, EISDIR); the rest is a fault of ours.
    if (typeof error !== 'object' || error === null || !('code' in error)) throw error;
    throw new SecretFileError(what, path, `cannot be read (${String(error.code)})`, error);
  }
  const withoutBreak = bytes.subarray(0, lengthWithoutBreak(bytes));
  if (withoutBreak.length === 0) throw new SecretFileError(what, path, 'the file is empty');
  return withoutBreak;
}

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

function lengthWithoutBreak(bytes: Buffer): number {
  let length = bytes.length;
  while (length > 0 && (bytes[length - 1] === LINE_FEED || bytes[length - 1] === CARRIAGE_RETURN)) length -= 1;
  return length;
}
