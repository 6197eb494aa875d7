import { describe } from '@jest/globals';
import { withTopologyConnection } from '../support/redis-topologies/with-topology-connection.js';
import type { OpenStore } from '../support/sessions/each-store.js';
import { describeSessionData } from '../support/sessions/session-data-suite.js';
import { describeSessionLists } from '../support/sessions/session-lists-suite.js';
import { describeSessions } from '../support/sessions/session-suite.js';
import { redisTwin } from '../support/sessions/store-twin.js';

// A single Redis is in the contract tests of sessions, with its twin in memory.
describe.each(['sentinel', 'cluster'] as const)('on a topology: %s', (kind) => {
  const redis = withTopologyConnection(kind);
  const open: OpenStore = (config) => redisTwin(redis.connection, redis.keyPrefix, config);
  describeSessions(open);
  describeSessionData(open);
  describeSessionLists(open);
});
