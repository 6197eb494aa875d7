-- presence-enter: a session is in a channel, held by this connection. Also its refresh, and its owner after a hand-over.
--
-- KEYS[1]  who is in the channel, hash: session -> `<user> <since> <pod> <attempt> <connection> <refreshed>`; `#` counts
--          changes
-- KEYS[2]  channel on which changes are told
-- ARGV[1]  session
-- ARGV[2]  user
-- ARGV[3]  pod
-- ARGV[4]  attempt
-- ARGV[5]  connection
-- ARGV[6]  time to live of an entry that isn't refreshed, ms
-- ARGV[7]  sessions at most
--
-- Returns { 'here', changes until then }, or { 'superseded' }: a higher attempt is in it, nothing changed, or { 'full' }
-- A refresh tells nobody. Another owner of a live entry keeps its `since`.
local here, told = KEYS[1], KEYS[2]
local session, user, pod, attempt, connection, ttl = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local most = tonumber(ARGV[7])

-- In a full channel so many entries are looked at: what dead pods left goes in time, and nobody waits for a look at all.
local LOOKED_AT = 16

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local now_text = string.format('%.0f', now)

local since, changed = now_text, true
local found = redis.call('HGET', here, session)
if found then
  local began, owner, holder, refreshed = string.match(found, '^%S+ (%d+) %S+ (%d+) (%S+) (%d+)$')
  local higher = tonumber(owner) > tonumber(attempt)
  if higher or (tonumber(owner) == tonumber(attempt) and holder ~= connection) then return { 'superseded' } end
  if tonumber(refreshed) + tonumber(ttl) > now then
    since = began
    changed = holder ~= connection
  end
end

local function is_full()
  -- The counter of changes is a field, too.
  return redis.call('HLEN', here) > most
end
if not found and is_full() then
  local some = redis.call('HRANDFIELD', here, LOOKED_AT, 'WITHVALUES')
  for at = 1, #some, 2 do
    local refreshed = some[at] ~= '#' and tonumber(string.match(some[at + 1], ' (%d+)$'))
    if refreshed and refreshed + tonumber(ttl) <= now then
      redis.call('HDEL', here, some[at])
      local changes = string.format('%.0f', redis.call('HINCRBY', here, '#', 1))
      redis.call('SPUBLISH', told, table.concat({ 'l', changes, some[at] }, ' '))
    end
  end
  if is_full() then return { 'full' } end
end

redis.call('HSET', here, session, table.concat({ user, since, pod, attempt, connection, now_text }, ' '))
redis.call('PEXPIRE', here, ttl)
if not changed then return { 'here', redis.call('HGET', here, '#') or '0' } end

local changes = string.format('%.0f', redis.call('HINCRBY', here, '#', 1))
redis.call('SPUBLISH', told, table.concat({ 'p', changes, session, user, since, pod }, ' '))
return { 'here', changes }
