/** What a client does when a connection closes with a code; docs/client-spec.md says what each means. */
export type CloseAction =
  'none' | 'resume' | 'resume-at-once' | 'resume-after-busy' | 'restart' | 'moved' | 'credential' | 'stop';

export interface CloseCode {
  readonly code: number;
  readonly action: CloseAction;
}

const table = {
  done: { code: 1000, action: 'none' },
  goingAway: { code: 1001, action: 'resume' },
  protocolError: { code: 1002, action: 'stop' },
  unsupportedData: { code: 1003, action: 'stop' },
  abnormal: { code: 1006, action: 'resume' },
  badData: { code: 1007, action: 'stop' },
  tooManyPieces: { code: 1008, action: 'resume' },
  tooBig: { code: 1009, action: 'stop' },
  internal: { code: 1011, action: 'resume' },
  drained: { code: 1012, action: 'resume-at-once' },
  overloaded: { code: 1013, action: 'resume-after-busy' },
  rebalanced: { code: 4002, action: 'resume' },
  tooSlow: { code: 4008, action: 'resume' },
  sessionGone: { code: 4010, action: 'restart' },
  helloTimeout: { code: 4408, action: 'resume' },
  rateLimited: { code: 4429, action: 'resume-after-busy' },
  moved: { code: 4500, action: 'moved' },
  badCredential: { code: 4501, action: 'credential' },
  suspended: { code: 4503, action: 'stop' },
  tenantQuota: { code: 4529, action: 'stop' },
} as const satisfies Record<string, CloseCode>;

export type CloseName = keyof typeof table;

/** The one table of close codes; docs, SDK and tests are compared with it. Their meanings are apart: no page loads them. */
export const closeCodes: Readonly<Record<CloseName, CloseCode>> = table;

const rows: readonly CloseCode[] = Object.values(table);

/** The action for any code: an unknown one below 4500 is a loss, an unknown one from 4500 on stops the client. */
export function closeAction(code: number): CloseAction {
  const known = rows.find((row) => row.code === code);
  if (known) return known.action;
  return code >= 4500 ? 'stop' : 'resume';
}
