import { asPublisherId, type PublisherId } from '../protocol/ids.js';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** 132 random bits as 22 characters; crypto.getRandomValues is there in browsers and in Node. */
export function randomPublisherId(): PublisherId {
  const bytes = crypto.getRandomValues(new Uint8Array(22));
  return asPublisherId(Array.from(bytes, (byte) => ALPHABET[byte % ALPHABET.length]).join(''));
}
