-- detach: the connection has gone; the session waits for the next one for the session TTL.
--
-- KEYS[1]  the session's row, hash
-- ARGV[1]  tenant
-- ARGV[2]  attempt
-- ARGV[3]  connection
-- ARGV[4]  time to live of a detached row, ms
--
-- Returns 1 if the row is this connection's, else 0 and nothing changed. A repeat does it again.
local row = KEYS[1]
local tenant, attempt, connection, ttl = ARGV[1], ARGV[2], ARGV[3], ARGV[4]

local found = redis.call('HMGET', row, 'tenant', 'attempt', 'connection')
if found[1] ~= tenant or found[2] ~= attempt or found[3] ~= connection then return 0 end

redis.call('HSET', row, 'detached', '1')
redis.call('PEXPIRE', row, ttl)
return 1
