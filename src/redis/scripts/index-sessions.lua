-- index-sessions: hints that these sessions may exist until their time to live is over.
--
-- KEYS[1]   an index of sessions, sorted set of ids by expiry, ms since 1970
-- ARGV[1]   time to live of an owned session, ms
-- ARGV[2..] sessions
--
-- Returns how many. A repeat moves their expiry. What has expired is removed, a part at a time.
local index = KEYS[1]
local ttl = ARGV[1]

local MOST_REMOVED = 1000

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local expiry = string.format('%.0f', now + tonumber(ttl))

local expired = redis.call('ZCOUNT', index, '-inf', string.format('%.0f', now))
if expired > 0 then redis.call('ZREMRANGEBYRANK', index, 0, math.min(expired, MOST_REMOVED) - 1) end

for at = 2, #ARGV do redis.call('ZADD', index, expiry, ARGV[at]) end
redis.call('PEXPIRE', index, ttl)
return #ARGV - 1
