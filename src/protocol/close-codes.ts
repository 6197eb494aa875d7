/** What a client does when a connection closes with a code; docs/client-spec.md says what each means. */
export type CloseAction =
  'none' | 'resume' | 'resume-at-once' | 'resume-after-busy' | 'restart' | 'moved' | 'credential' | 'stop';

export interface CloseCode {
  readonly code: number;
  readonly name: string;
  readonly meaning: string;
  readonly action: CloseAction;
}

const table = {
  done: { code: 1000, meaning: 'after `bye`', action: 'none' },
  goingAway: { code: 1001, meaning: 'lost: the other side goes away', action: 'resume' },
  protocolError: { code: 1002, meaning: 'protocol error', action: 'stop' },
  unsupportedData: { code: 1003, meaning: 'binary frame', action: 'stop' },
  abnormal: { code: 1006, meaning: 'lost without a close frame', action: 'resume' },
  badData: { code: 1007, meaning: 'text is not UTF-8', action: 'stop' },
  tooBig: { code: 1009, meaning: 'frame larger than 64 KiB', action: 'stop' },
  internal: { code: 1011, meaning: 'the pod could not go on with this connection', action: 'resume' },
  drained: { code: 1012, meaning: 'drain deadline, or a client without overlap', action: 'resume-at-once' },
  overloaded: { code: 1013, meaning: 'overloaded', action: 'resume-after-busy' },
  rebalanced: { code: 4002, meaning: 'rebalanced without overlap', action: 'resume' },
  tooSlow: { code: 4008, meaning: 'too slow even for the log: behind the window', action: 'resume' },
  sessionGone: { code: 4010, meaning: 'session gone: expired or ended', action: 'restart' },
  helloTimeout: { code: 4408, meaning: 'no `hello` in time', action: 'resume' },
  rateLimited: { code: 4429, meaning: 'rate limit', action: 'resume-after-busy' },
  moved: { code: 4500, meaning: 'the session has moved; the reason is the attempt that won', action: 'moved' },
  badCredential: { code: 4501, meaning: 'bad or expired credentials', action: 'credential' },
  suspended: { code: 4503, meaning: 'tenant or account suspended', action: 'stop' },
  tenantQuota: { code: 4529, meaning: 'tenant quota', action: 'stop' },
} as const satisfies Record<string, Omit<CloseCode, 'name'>>;

export type CloseName = keyof typeof table;

/** The one table of close codes; docs, SDK and tests are compared with it. */
export const closeCodes: Readonly<Record<CloseName, CloseCode>> = Object.fromEntries(
  Object.entries(table).map(([name, row]) => [name, { name, ...row }]),
) as Record<CloseName, CloseCode>;

const byCode = new Map<number, CloseCode>(Object.values(closeCodes).map((row) => [row.code, row]));

/** The action for any code: an unknown one below 4500 is a loss, an unknown one from 4500 on stops the client. */
export function closeAction(code: number): CloseAction {
  const known = byCode.get(code);
  if (known) return known.action;
  return code >= 4500 ? 'stop' : 'resume';
}
