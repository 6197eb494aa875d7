-- list-sessions: one page of an index of sessions, those that expire first at first.
--
-- KEYS[1]  an index of sessions, sorted set of ids by expiry, ms since 1970
-- ARGV[1]  sessions at most
-- ARGV[2]  expiry of the last session of the page before, '' for the first page
-- ARGV[3]  that session
--
-- Returns { session, expiry, session, expiry, ... } and removes what has expired, a part at a time. A refresh moves a
-- session to the end: whoever reads page after page may see it again, and misses none that was there all the time.
local index = KEYS[1]
local most, after_expiry, after = tonumber(ARGV[1]), ARGV[2], ARGV[3]

local MOST_REMOVED = 1000

local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))

local expired = redis.call('ZCOUNT', index, '-inf', now)
if expired > 0 then
  redis.call('ZREMRANGEBYRANK', index, 0, math.min(expired, MOST_REMOVED) - 1)
  expired = math.max(0, expired - MOST_REMOVED)
end

local from = expired
if after_expiry ~= '' then
  if redis.call('ZSCORE', index, after) == after_expiry then
    from = math.max(from, redis.call('ZRANK', index, after) + 1)
  else
    from = math.max(from, redis.call('ZCOUNT', index, '-inf', '(' .. after_expiry))
  end
end
return redis.call('ZRANGE', index, from, from + most - 1, 'WITHSCORES')
