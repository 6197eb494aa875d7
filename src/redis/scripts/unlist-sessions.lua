-- unlist-sessions: removes hints whose session was not found.
--
-- KEYS[1]   an index of sessions, sorted set of ids by expiry, ms since 1970
-- ARGV[1]   time to live of an owned session, ms
-- ARGV[2]   how old a hint must be, ms: a younger one's session may be about to be made
-- ARGV[3..] session, expiry as it was read, session, ...
--
-- Returns how many. A hint that was refreshed meanwhile stays.
local index = KEYS[1]
local ttl, age = tonumber(ARGV[1]), tonumber(ARGV[2])

local time = redis.call('TIME')
local newest = time[1] * 1000 + math.floor(time[2] / 1000) + ttl - age

local removed = 0
for at = 3, #ARGV, 2 do
  local session, expiry = ARGV[at], ARGV[at + 1]
  if tonumber(expiry) <= newest and redis.call('ZSCORE', index, session) == expiry then
    removed = removed + redis.call('ZREM', index, session)
  end
end
return removed
