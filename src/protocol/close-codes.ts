/** What a client does when a connection closes with a code; docs/client-spec.md says what each means. */
export type CloseAction =
  'none' | 'resume' | 'resume-at-once' | 'resume-after-busy' | 'restart' | 'moved' | 'credential' | 'stop';

export interface CloseCode {
  readonly code: number;
  readonly action: CloseAction;
}

/** The numbers alone, which is all that a page needs of the table. */
export const closeCode = {
  done: 1000,
  goingAway: 1001,
  protocolError: 1002,
  unsupportedData: 1003,
  abnormal: 1006,
  badData: 1007,
  tooManyPieces: 1008,
  tooBig: 1009,
  internal: 1011,
  drained: 1012,
  overloaded: 1013,
  rebalanced: 4002,
  tooSlow: 4008,
  sessionGone: 4010,
  helloTimeout: 4408,
  rateLimited: 4429,
  moved: 4500,
  badCredential: 4501,
  suspended: 4503,
  tenantQuota: 4529,
} as const;

export type CloseName = keyof typeof closeCode;

/** The action for any code: an unknown one below 4500 is a loss, an unknown one from 4500 on stops the client. */
export function closeAction(code: number): CloseAction {
  switch (code) {
    case closeCode.done:
      return 'none';
    case closeCode.protocolError:
    case closeCode.unsupportedData:
    case closeCode.badData:
    case closeCode.tooBig:
      return 'stop';
    case closeCode.drained:
      return 'resume-at-once';
    case closeCode.overloaded:
    case closeCode.rateLimited:
      return 'resume-after-busy';
    case closeCode.sessionGone:
      return 'restart';
    case closeCode.moved:
      return 'moved';
    case closeCode.badCredential:
      return 'credential';
    default:
      return code >= 4500 ? 'stop' : 'resume';
  }
}

/** The one table of close codes; docs, SDK and tests are compared with it. Their meanings are apart: no page loads them. */
export const closeCodes: Readonly<Record<CloseName, CloseCode>> = /* @__PURE__ */ Object.fromEntries(
  /* @__PURE__ */ Object.entries(closeCode).map(([name, code]) => [name, { code, action: closeAction(code) }]),
) as Record<CloseName, CloseCode>;
