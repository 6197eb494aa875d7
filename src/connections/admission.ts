/**
 * What a pod says to a `hello` before it claims: take the client, send it elsewhere (a `migrate` before `welcome`), or
 * ask it to come later. draining/ decides; connections/ asks through this port.
 */
export type Admission =
  | { readonly kind: 'take' }
  | { readonly kind: 'elsewhere'; readonly reason: 'drain' | 'rebalance'; readonly endpoints: readonly string[] }
  | { readonly kind: 'busy'; readonly retryAfterMs: number };

export interface AdmissionPolicy {
  /** `hops`: how often this client was sent elsewhere just now; at 2 the answer is `take` or `busy`. */
  admit(hops: number): Admission;
}

export const ADMISSION_POLICY = Symbol('AdmissionPolicy');
