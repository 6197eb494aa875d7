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
--
-- Returns { 'here', changes until then }, or { 'superseded' }: a higher attempt is in it, nothing changed
-- A refresh tells nobody. Another owner of a live entry keeps its `since`.
local here, told = KEYS[1], KEYS[2]
local session, user, pod, attempt, connection, ttl = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]

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

redis.call('HSET', here, session, table.concat({ user, since, pod, attempt, connection, now_text }, ' '))
redis.call('PEXPIRE', here, ttl)
if not changed then return { 'here', redis.call('HGET', here, '#') or '0' } end

local changes = string.format('%.0f', redis.call('HINCRBY', here, '#', 1))
redis.call('SPUBLISH', told, table.concat({ 'p', changes, session, user, since, pod }, ' '))
return { 'here', changes }
