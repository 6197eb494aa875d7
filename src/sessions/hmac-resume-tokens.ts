import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { readSecretFile, SecretFileError } from '../auth/secret-file.js';
import { BatonError } from '../lib/baton-error.js';
import { isSessionId, isTenantId, isUserId } from '../protocol/ids.js';
import type { ResumeClaim, ResumeTokens } from './resume-tokens.js';

const MAX_TOKEN_LENGTH = 512;
const MIN_KEY_LENGTH = 32;
const MAX_KEYS = 16;
/** Part of what is signed: the same secret used for something else doesn't make resume tokens. */
const PURPOSE = 'baton resume 1';

interface ResumeKey {
  readonly id: string;
  readonly secret: string;
}

/**
 * `<key id>.<payload>.<mac>`: the payload is base64url of the JSON [tenant, user, session], the MAC is HMAC-SHA256 over
 * the purpose, the key's id and the payload's text, so that a token has one spelling. The id is a hash of the key, so
 * that pods which read the keys in another order during a rotation still agree on it.
 */
export class HmacResumeTokens implements ResumeTokens {
  private readonly newest: ResumeKey;
  private readonly known: ReadonlyMap<string, ResumeKey>;

  /** `secrets`: the newest first, which signs; all verify. */
  constructor(secrets: readonly [string, ...string[]]) {
    const keys = secrets.map(keyOf);
    this.newest = keyOf(secrets[0]);
    this.known = new Map(keys.map((key) => [key.id, key]));
  }

  sign({ tenant, user, session }: ResumeClaim): string {
    const payload = Buffer.from(JSON.stringify([tenant, user, session])).toString('base64url');
    return `${this.newest.id}.${payload}.${macOf(this.newest, payload)}`;
  }

  verify(token: string): ResumeClaim {
    if (token.length > MAX_TOKEN_LENGTH) throw refused('too long');
    const [id = '', payload = '', mac = '', ...rest] = token.split('.');
    const key = this.known.get(id);
    if (!key || rest.length > 0) throw refused('of no key that is known here');
    const expected = Buffer.from(macOf(key, payload));
    const actual = Buffer.from(mac);
    if (actual.length !== expected.length || !timingSafeEqual(actual, expected)) throw refused('with a wrong MAC');
    return readPayload(payload);
  }
}

/** One key a line, the newest first; empty lines are ignored. Rejects with SecretFileError. */
export async function loadResumeTokens(path: string): Promise<ResumeTokens> {
  const refuse = (problem: string): never => {
    throw new SecretFileError('resume keys', path, problem);
  };
  const text = (await readSecretFile('resume keys', path)).toString('utf8');
  const lines = text.split('\n').map((line) => line.trim());
  const [newest, ...older] = lines.filter((line) => line.length > 0);
  if (newest === undefined) return refuse('there is no key in it');
  if (older.length >= MAX_KEYS) return refuse(`more than ${MAX_KEYS} keys`);
  if ([newest, ...older].some((key) => key.length < MIN_KEY_LENGTH))
    return refuse(`every key must have ${MIN_KEY_LENGTH} characters or more`);
  return new HmacResumeTokens([newest, ...older]);
}

function keyOf(secret: string): ResumeKey {
  const id = createHash('sha256').update(`${PURPOSE} key id\n${secret}`).digest('base64url').slice(0, 8);
  return { id, secret };
}

function macOf(key: ResumeKey, payload: string): string {
  return createHmac('sha256', key.secret).update(`${PURPOSE}\n${key.id}\n${payload}`).digest('base64url');
}

/** Only for a payload whose MAC was right: it is then one that a pod wrote, of this version or another. */
function readPayload(payload: string): ResumeClaim {
  const fields = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as readonly unknown[];
  const [tenant, user, session] = fields;
  if (!isTenantId(tenant) || !isUserId(user) || !isSessionId(session)) throw refused('of another version');
  return { tenant, user, session };
}

function refused(why: string): BatonError {
  return new BatonError('unauthorized', undefined, { cause: new Error(`resume token ${why}`) });
}
