const LENGTH = 22;
const LETTERS = Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_', (letter) =>
  letter.charCodeAt(0),
);

/** Asking the system for a few bytes costs as much as for many: they are taken from here. */
const pool = new Uint8Array(LENGTH * 256);
let used = pool.length;
const codes = LETTERS.slice(0, LENGTH);

/** 132 random bits as 22 characters of base64url: unique without asking anybody. */
export function randomId(): string {
  if (used === pool.length) {
    crypto.getRandomValues(pool);
    used = 0;
  }
  for (let at = 0; at < LENGTH; at += 1) codes[at] = LETTERS[(pool[used + at] ?? 0) & 63] ?? 0;
  used += LENGTH;
  return String.fromCharCode(...codes);
}
