import { randomBytes } from 'node:crypto';

/** 128 random bits as 22 characters of base64url: unique without asking anybody. */
export function randomId(): string {
  return randomBytes(16).toString('base64url');
}
