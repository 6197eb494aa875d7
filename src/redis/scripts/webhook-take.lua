-- webhook-take: what is due, for this pod alone for a while: a pod that dies with it delays it, and loses nothing.
--
-- KEYS     as of webhook-announce
-- ARGV[1]  looks at most
-- ARGV[2]  for how long nobody else takes them, ms
-- ARGV[3]  events at most
-- ARGV[4]  for how long nobody else takes them, ms
-- ARGV[5]  time to live of all keys, ms
-- ARGV[6]  the longest that a look waits, ms
-- ARGV[7]  the longest that an event waits, ms
--
-- Returns { now, looks, events, pods, queued, enqueued }:
--   now       Redis time, ms
--   looks     { session, its record, ... }
--   events    { event, its record with this try counted, ... }, those that are due for longest at first
--   pods      that hold sessions, as far as was reported; 1,000 at most
--   queued    how many events there are
--   enqueued  when the oldest of them was, ms; '' if there is none
-- A repeat takes what is left.
local sessions, looks, held, queue, ages, events = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local most_looks, look_lease, most_events, event_lease = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local ttl, longest_look, longest_event = ARGV[5], ARGV[6], ARGV[7]

local MOST_PODS = 1000
-- Events of one session that were enqueued in one millisecond are put into the next ones.
local AHEAD = 5

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local now_text = string.format('%.0f', now)

local function lease(key, most, for_ms, longest)
  local due = redis.call('ZRANGEBYSCORE', key, '-inf', string.format('%.0f', now + AHEAD), 'LIMIT', 0, most)
  -- What is due later than anything may be was put there before the clock was set back, or by a master ahead of this one.
  local beyond = string.format('(%.0f', now + tonumber(longest))
  local late = redis.call('ZRANGEBYSCORE', key, beyond, '+inf', 'LIMIT', 0, most - #due)
  for _, member in ipairs(late) do due[#due + 1] = member end
  local until_text = string.format('%.0f', now + tonumber(for_ms))
  for _, member in ipairs(due) do redis.call('ZADD', key, until_text, member) end
  return due
end

local taken_looks = {}
for _, session in ipairs(lease(looks, most_looks, look_lease, longest_look)) do
  local record = redis.call('HGET', sessions, session)
  if record then
    taken_looks[#taken_looks + 1] = session
    taken_looks[#taken_looks + 1] = record
  else
    redis.call('ZREM', looks, session)
  end
end

local taken_events = {}
for _, event in ipairs(lease(queue, most_events, event_lease, longest_event)) do
  local tries, rest = string.match(redis.call('HGET', events, event) or '', '^(%d+) (.+)$')
  if tries then
    local record = string.format('%.0f', tonumber(tries) + 1) .. ' ' .. rest
    redis.call('HSET', events, event, record)
    taken_events[#taken_events + 1] = event
    taken_events[#taken_events + 1] = record
  else
    redis.call('ZREM', queue, event)
    redis.call('ZREM', ages, event)
  end
end

-- From one pod's first session to the next pod's: `0` is the character after `/`.
local pods, from = {}, '-'
while #pods < MOST_PODS do
  local pod = string.match(redis.call('ZRANGEBYLEX', held, from, '+', 'LIMIT', 0, 1)[1] or '', '^([^/]+)/')
  if not pod then break end
  pods[#pods + 1] = pod
  from = '(' .. pod .. '0'
end

for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, ttl) end
local oldest = redis.call('ZRANGE', ages, 0, 0, 'WITHSCORES')
return { now_text, taken_looks, taken_events, pods, redis.call('ZCARD', ages), oldest[2] or '' }
