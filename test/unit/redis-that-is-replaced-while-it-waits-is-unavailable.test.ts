import { expect, it } from '@jest/globals';
import { saysWrongServer, toBatonError } from '../../src/redis/redis-error.js';

it('takes the end of a WAIT at a master that becomes a replica for a reason to look elsewhere', () => {
  const message = 'UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)';
  const reply = Object.assign(new Error(message), { name: 'ReplyError' });
  expect(toBatonError(reply).code).toBe('unavailable');
  expect(saysWrongServer(reply)).toBe(true);
});
