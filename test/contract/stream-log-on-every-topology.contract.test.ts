import { describe } from '@jest/globals';
import { withTopologyConnection } from '../support/redis-topologies/with-topology-connection.js';
import { redisLogTwin } from '../support/streams/log-twin.js';
import { describeStreamLog } from '../support/streams/stream-log-suite.js';

// A single Redis is in stream-log.contract.test.ts, with its twin in memory.
describe.each(['sentinel', 'cluster'] as const)('on a topology: %s', (kind) => {
  const redis = withTopologyConnection(kind);
  describeStreamLog(kind, (limits) => redisLogTwin(redis.connection, redis.admin, redis.keyPrefix, limits));
});
