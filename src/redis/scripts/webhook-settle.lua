-- webhook-settle: what came of sending events.
--
-- KEYS[1]  queue, sorted set: event by when it is sent next, ms
-- KEYS[2]  ages, sorted set: event by when it was enqueued, ms
-- KEYS[3]  events, hash
-- ARGV     two for each event: its id, and in how many ms it is sent again, or '' for never
--
-- Returns how many were still there. A repeat moves the next sending, or finds nothing.
local queue, ages, events = KEYS[1], KEYS[2], KEYS[3]

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local found = 0
for at = 1, #ARGV, 2 do
  local event, delay = ARGV[at], ARGV[at + 1]
  if delay == '' then
    redis.call('ZREM', queue, event)
    redis.call('HDEL', events, event)
    found = found + redis.call('ZREM', ages, event)
  elseif redis.call('ZSCORE', queue, event) then
    redis.call('ZADD', queue, string.format('%.0f', now + tonumber(delay)), event)
    found = found + 1
  end
end
return found
