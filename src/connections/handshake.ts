import { BatonError } from '../lib/baton-error.js';
import { randomId } from '../lib/random-id.js';
import type { CloseName } from '../protocol/close-codes.js';
import type { HelloFrame } from '../protocol/frames.js';
import { asSessionId, type ConnectionId, type PodId } from '../protocol/ids.js';
import type {
  Claim,
  ClaimResult,
  SessionEvent,
  SessionEvents,
  SessionKey,
  SessionRow,
  SessionStore,
} from '../sessions/session-store.js';
import type { Admission, AdmissionPolicy } from './admission.js';
import type { ClaimedBy, Credentials } from './credentials.js';
import type { HandshakeGate } from './handshake-gate.js';
import type { UnansweredWrites } from './unanswered-writes.js';

export type HandshakeOutcome =
  | { readonly kind: 'welcome'; readonly row: SessionRow; readonly resume: string; readonly resumed: boolean }
  /** `error`: why, for the log alone. */
  | { readonly kind: 'refused'; readonly code: CloseName; readonly reason: string; readonly error?: BatonError }
  | Exclude<Admission, { readonly kind: 'take' }>;

/** The socket that says `hello`. */
export interface Claimant {
  readonly id: ConnectionId;
  /** False once the socket has closed: a claim that was under way is given back. */
  readonly alive: boolean;
  /** The client ended its session before it was claimed. */
  readonly saidBye: boolean;
  /** From before the claim on, so that a claim by another pod in between is heard. */
  onSessionEvent(event: SessionEvent): void;
  /** Ends the listening when the socket closes. */
  whenClosed(run: () => void): void;
}

export interface SessionPorts {
  readonly store: SessionStore;
  readonly events: SessionEvents;
  readonly unanswered: UnansweredWrites;
}

/** From `hello` to the claim: admission first, then credentials, then the pod's rate, then the row in Redis. */
export class Handshake {
  constructor(
    private readonly admission: AdmissionPolicy,
    private readonly credentials: Credentials,
    private readonly sessions: SessionPorts,
    private readonly pod: PodId,
    private readonly gate: Pick<HandshakeGate, 'payForToken' | 'payForClaim'>,
  ) {}

  async run(hello: HelloFrame, upgradeToken: string | null, claimant: Claimant): Promise<HandshakeOutcome> {
    const admission = this.admission.admit(hello.hops);
    if (admission.kind !== 'take') return admission;
    try {
      const identity = await this.credentials.identify(hello, upgradeToken, () => {
        this.gate.payForToken();
      });
      this.gate.payForClaim();
      return await this.claim(hello, identity, claimant);
    } catch (error) {
      if (!(error instanceof BatonError)) throw error;
      if (error.code === 'unauthorized')
        return { kind: 'refused', code: 'badCredential', reason: error.message, error };
      if (error.code === 'unavailable' || error.code === 'busy')
        return { kind: 'busy', retryAfterMs: error.retryAfterMs ?? 1_000 };
      throw error;
    }
  }

  private async claim(hello: HelloFrame, identity: ClaimedBy, claimant: Claimant): Promise<HandshakeOutcome> {
    const key: SessionKey = { tenant: identity.tenant, session: hello.session ?? asSessionId(randomId()) };
    const unlisten = await this.sessions.events.listen(key, (event) => {
      claimant.onSessionEvent(event);
    });
    claimant.whenClosed(unlisten);
    const claim: Claim = {
      ...key,
      attempt: hello.attempt,
      connection: claimant.id,
      pod: this.pod,
      user: identity.user,
      ...(identity.create ? { create: identity.create } : {}),
      ...(identity.renew ? { renew: identity.renew } : {}),
    };
    const result = await this.claimOrGiveBack(claim, claimant);
    switch (result.kind) {
      case 'claimed':
        if (!claimant.alive) await this.giveBack(claim, claimant);
        return {
          kind: 'welcome',
          row: result.row,
          resume: this.credentials.resumeToken(result.row),
          resumed: hello.session !== undefined,
        };
      case 'gone':
        return { kind: 'refused', code: 'sessionGone', reason: 'session gone' };
      case 'expired':
        return { kind: 'refused', code: 'badCredential', reason: 'credential expired' };
      case 'superseded':
        if (claimant.saidBye) await this.giveBack(claim, claimant);
        return { kind: 'refused', code: 'moved', reason: String(result.attempt) };
    }
  }

  private async claimOrGiveBack(claim: Claim, claimant: Claimant): Promise<ClaimResult> {
    try {
      return await this.sessions.store.claim(claim);
    } catch (error) {
      // Its answer may be what was lost: the client is told to come again, and until then nobody is connected.
      void this.giveBack(claim, claimant);
      throw error;
    }
  }

  /** The session isn't used over this connection; after a `bye` by nobody, whoever has it. */
  private giveBack(claim: Claim, { id, saidBye }: Claimant): Promise<void> {
    const { store, unanswered } = this.sessions;
    return unanswered.say(() => (saidBye ? store.end(claim) : store.detach(claim, claim.attempt, id)));
  }
}
