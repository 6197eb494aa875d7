-- presence-leave: a session is no longer in a channel.
--
-- KEYS[1]  who is in the channel, hash: session -> `<user> <since> <pod> <attempt> <connection> <refreshed>`; `#` counts
--          changes
-- KEYS[2]  channel on which changes are told
-- ARGV[1]  session
-- ARGV[2]  connection that must hold it
--
-- Returns 1 if it was there as this connection's and has gone, else 0.
local here, told = KEYS[1], KEYS[2]
local session, connection = ARGV[1], ARGV[2]

local found = redis.call('HGET', here, session)
if not found or string.match(found, '^%S+ %d+ %S+ %d+ (%S+) %d+$') ~= connection then return 0 end

redis.call('HDEL', here, session)
local changes = string.format('%.0f', redis.call('HINCRBY', here, '#', 1))
redis.call('SPUBLISH', told, table.concat({ 'l', changes, session }, ' '))
return 1
