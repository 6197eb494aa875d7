-- take-pace: hand-overs that may start now, out of one bucket for all draining pods.
--
-- KEYS[1]  pace, hash: tokens (decimal), at (Redis time in ms to which they are reckoned)
-- ARGV[1]  how many are wanted
-- ARGV[2]  tokens that come in per second; each caller reckons them from the receivers that it sees
-- ARGV[3]  the most that the bucket holds
--
-- Returns how many were granted, 0..wanted. The one script whose repeat takes again: a lost reply is a few hand-overs
-- that start a tick later, so nobody repeats it.
local pace = KEYS[1]
local wanted, rate, burst = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local kept = redis.call('HMGET', pace, 'tokens', 'at')
local tokens = burst
if kept[1] and kept[2] then
  -- A clock that was set back gives nothing this once, and counts from where it is now.
  local elapsed = math.max(0, now - tonumber(kept[2]))
  tokens = math.min(burst, tonumber(kept[1]) + elapsed * rate / 1000)
end

local granted = math.min(wanted, math.floor(tokens))
redis.call('HSET', pace, 'tokens', string.format('%.3f', tokens - granted), 'at', string.format('%.0f', now))
redis.call('PEXPIRE', pace, 60000)
return granted
