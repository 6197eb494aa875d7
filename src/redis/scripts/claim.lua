-- claim: a connection takes or keeps a session. One rule for the first claim, a repeat, the check after a doubt, the
-- return from a pause and the sweep: whatever order claims come in, the highest attempt owns the session.
--
-- KEYS[1]  the session's row, hash
-- KEYS[2]  the session's live channel, which is told when the connection changes
-- ARGV[1]  schema version that the caller reads and writes
-- ARGV[2]  tenant
-- ARGV[3]  attempt, 1..2^53-1
-- ARGV[4]  connection
-- ARGV[5]  pod
-- ARGV[6]  time to live of an owned row, ms
-- ARGV[7]  'create' (a missing row is made; only with attempt 1), 'renew' (replaces grants and expiry), or '' (without
--          8 to 10)
-- ARGV[8]  user
-- ARGV[9]  grants, JSON
-- ARGV[10] when the credential expires, ms since 1970
--
-- Returns one of
--   { 'claimed', tenant, user, grants, expires, attempt, connection, pod, detached, created, moved }
--   { 'gone' }                             no row, another tenant's, or another user's
--   { 'expired' }                          the credential has run out; nothing changed
--   { 'superseded', attempt, connection }  that one owns it; nothing changed
--   { 'schema', version }                  a row that the caller doesn't understand; nothing changed
-- A repeat changes nothing but the time to live, and tells nobody.
local row, live = KEYS[1], KEYS[2]
local schema, tenant, attempt, connection, pod, ttl = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local intent, user, grants, expires = ARGV[7], ARGV[8], ARGV[9], ARGV[10]

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local now_text = string.format('%.0f', now)

local found = redis.call('HMGET', row, 'schema', 'tenant', 'user', 'expires', 'attempt', 'connection')
local is_new = not found[1]

if is_new and intent ~= 'create' then return { 'gone' } end
if not is_new then
  if found[1] ~= schema then return { 'schema', found[1] } end
  if found[2] ~= tenant then return { 'gone' } end
  if intent ~= '' and found[3] ~= user then return { 'gone' } end
end

local credential = (is_new or intent == 'renew') and expires or found[4]
if tonumber(credential) <= now then return { 'expired' } end

local moved = is_new or found[6] ~= connection
if is_new then
  redis.call('HSET', row, 'schema', schema, 'tenant', tenant, 'user', user, 'grants', grants, 'expires', expires,
    'created', now_text)
else
  local owner = tonumber(found[5])
  if owner > tonumber(attempt) or (owner == tonumber(attempt) and moved) then
    return { 'superseded', found[5], found[6] }
  end
  if intent == 'renew' then redis.call('HSET', row, 'grants', grants, 'expires', expires) end
  redis.call('HDEL', row, 'detached')
end

redis.call('HSET', row, 'attempt', attempt, 'connection', connection, 'pod', pod)
if moved then redis.call('HSET', row, 'moved', now_text) end
redis.call('PEXPIRE', row, ttl)
if moved then redis.call('SPUBLISH', live, 'c ' .. attempt .. ' ' .. connection) end

local fields = redis.call('HMGET', row, 'tenant', 'user', 'grants', 'expires', 'attempt', 'connection', 'pod',
  'detached', 'created', 'moved')
return { 'claimed', unpack(fields) }
