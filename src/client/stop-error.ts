import { closeCode } from '../protocol/close-codes.js';
import { ClientError, type ClientErrorName } from './client-error.js';
import type { StopReason } from './ownership.js';

/** Null if the application closed the client. */
export function stopError({ closeCode, reason }: StopReason): ClientError | null {
  if (closeCode === null) return null;
  return new ClientError(nameOf(closeCode), `closed with ${closeCode}${reason && `: ${reason}`}`, { closeCode });
}

function nameOf(code: number): ClientErrorName | 'unauthorized' {
  switch (code) {
    case closeCode.protocolError:
    case closeCode.unsupportedData:
    case closeCode.badData:
    case closeCode.tooBig:
      return 'protocol';
    case closeCode.moved:
      return 'session-taken';
    case closeCode.badCredential:
      return 'unauthorized';
    case closeCode.suspended:
      return 'suspended';
    case closeCode.tenantQuota:
      return 'quota';
    default:
      return 'stopped';
  }
}
