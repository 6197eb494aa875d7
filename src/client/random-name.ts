import type { PublisherId } from '../protocol/ids.js';

/** 96 random bits as an id of at most 32 characters: unique without asking anybody, and in one line of a page's file. */
export const randomName = (): PublisherId => crypto.getRandomValues(new Uint32Array(3)).join('-') as PublisherId;
