import { closeCodes } from '../protocol/close-codes.js';
import { ClientError } from './client-error.js';
import type { StopReason } from './ownership.js';

const byCode: ReadonlyMap<number, string> = new Map([
  [closeCodes.protocolError.code, 'protocol'],
  [closeCodes.unsupportedData.code, 'protocol'],
  [closeCodes.badData.code, 'protocol'],
  [closeCodes.tooBig.code, 'protocol'],
  [closeCodes.moved.code, 'session-taken'],
  [closeCodes.badCredential.code, 'unauthorized'],
  [closeCodes.suspended.code, 'suspended'],
  [closeCodes.tenantQuota.code, 'quota'],
]);

/** Null if the application closed the client. */
export function stopError({ closeCode, reason }: StopReason): ClientError | null {
  if (closeCode === null) return null;
  const code = byCode.get(closeCode) ?? 'stopped';
  return new ClientError(code, `closed with ${closeCode}${reason === '' ? '' : `: ${reason}`}`, { closeCode });
}
