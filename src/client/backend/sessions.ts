import { BackendError } from './backend-error.js';
import type { HttpCalls } from './http-calls.js';

/** A session, and where it is connected. Times are ms since 1970, by Redis' clock. */
export interface SessionInfo {
  /** The session's id. */
  readonly session: string;
  /** Whose it is. */
  readonly user: string;
  /** Whether a client has it at this moment, as far as its pod vouches for it. */
  readonly connected: boolean;
  /** How many connections its client has opened. */
  readonly attempt: number;
  /** When it began. */
  readonly createdAtMs: number;
  /** Null unless connected. */
  readonly connection: { readonly id: string; readonly sinceMs: number } | null;
  /** Null unless connected. */
  readonly pod: { readonly id: string; readonly name: string; readonly revision: string } | null;
}

/** A field that the application keeps with a session. */
export interface StoredField<Value = unknown> {
  /** What was put. */
  readonly value: Value;
  /** Counts what was put there; it never means two values. */
  readonly version: number;
}

/** One row of the list of a session's fields. */
export interface FieldInfo {
  /** The field's name. */
  readonly field: string;
  /** As of `StoredField`. */
  readonly version: number;
  /** Of its JSON. */
  readonly bytes: number;
}

/** Only if this version is stored: 0 for none yet. Without it whatever is there is replaced. */
export interface IfVersion {
  /** Another one rejects with BackendError `conflict`. */
  readonly version?: number;
}

/** The sessions of the API key's tenant. Get it from `Backend`. */
export class Sessions {
  /** Use `backend.sessions`. */
  constructor(private readonly calls: HttpCalls) {}

  /** All of a user, or without one all of the tenant, in no order, page by page as the loop goes on. */
  async *list({ user }: { readonly user?: string } = {}): AsyncGenerator<SessionInfo, void, undefined> {
    const path = user === undefined ? '/v1/sessions' : `/v1/users/${encodeURIComponent(user)}/sessions`;
    let next: string | null = null;
    do {
      const after: string = next === null ? '' : `&after=${encodeURIComponent(next)}`;
      const answer: unknown = await this.calls.call(`${path}?limit=200${after}`, { repeatable: true });
      const page = answer as { readonly sessions: readonly SessionInfo[]; readonly next: string | null };
      yield* page.sessions;
      ({ next } = page);
    } while (next !== null);
  }

  /** Null if it doesn't exist (any more), or is another tenant's. */
  async get(session: string): Promise<SessionInfo | null> {
    const answer = await orMissing(this.calls.call(`${pathOf(session)}/connection`, { repeatable: true }));
    return answer as SessionInfo | null;
  }

  /** Ends it for everybody: its client begins a new one, if it still may. False if there was none. */
  async end(session: string): Promise<boolean> {
    return (await orMissing(this.calls.call(pathOf(session), { method: 'DELETE' }).then(() => true))) !== null;
  }

  /** Ends all that the user has by then; how many. */
  async endAll(user: string): Promise<number> {
    const call = { method: 'DELETE', repeatable: true } as const;
    const answer = await this.calls.call(`/v1/users/${encodeURIComponent(user)}/sessions`, call);
    return (answer as { readonly ended: number }).ended;
  }

  /** What the application keeps with the session: it lives as long as the session does. */
  data(session: string): SessionData {
    return new SessionData(this.calls, session);
  }
}

/** The application's data with one session: at most 64 fields of 64 KiB. Get it from `Sessions.data`. */
export class SessionData {
  /** Use `backend.sessions.data(session)`. */
  constructor(
    private readonly calls: HttpCalls,
    private readonly session: string,
  ) {}

  /** The fields, without their values. Rejects with BackendError `not-found` if the session is gone. */
  async list(): Promise<readonly FieldInfo[]> {
    const answer = await this.calls.call(`${pathOf(this.session)}/data`, { repeatable: true });
    return (answer as { readonly fields: readonly FieldInfo[] }).fields;
  }

  /** Null if there is no such field, or no such session. `Value` is the application's word: nothing is checked. */
  async get<Value = unknown>(field: string): Promise<StoredField<Value> | null> {
    return (await orMissing(this.calls.call(this.#path(field), { repeatable: true }))) as StoredField<Value> | null;
  }

  /**
   * Its version now. Without a version it is tried again when no answer came, and then also replaces what somebody else
   * put in between, who was told of success: give a version where there are several writers. Rejects with BackendError
   * `conflict`, or `not-found` if the session is gone.
   */
  async put(field: string, value: unknown, { version }: IfVersion = {}): Promise<number> {
    // With a version a repeat of what had its effect would look like a conflict.
    const call = { method: 'PUT', repeatable: version === undefined, body: { value, version } } as const;
    return ((await this.calls.call(this.#path(field), call)) as { readonly version: number }).version;
  }

  /** Also resolves if it wasn't there. Without a version it is repeated as `put` is. Rejects with BackendError `conflict`, or `not-found` if the session is gone. */
  async delete(field: string, { version }: IfVersion = {}): Promise<void> {
    const headers = version === undefined ? {} : { 'if-match': `"${version}"` };
    await this.calls.call(this.#path(field), { method: 'DELETE', repeatable: version === undefined, headers });
  }

  #path(field: string): string {
    return `${pathOf(this.session)}/data/${encodeURIComponent(field)}`;
  }
}

const pathOf = (session: string): string => `/v1/sessions/${encodeURIComponent(session)}`;

async function orMissing(answer: Promise<unknown>): Promise<unknown> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof BackendError && error.status === 404) return null;
    throw error;
  }
}
