import { withRedisConnection } from '../support/sessions/with-redis-connection.js';
import { memoryLogTwin, redisLogTwin } from '../support/streams/log-twin.js';
import { describeStreamLog } from '../support/streams/stream-log-suite.js';

const redis = withRedisConnection();

describeStreamLog('memory', memoryLogTwin);
describeStreamLog('Redis', (limits) => redisLogTwin(redis.connection, redis.raw, redis.keyPrefix, limits));
