-- beat: writes this pod's row, forgets the pods whose rows have run out, returns everybody who is left.
--
-- KEYS[1]  pods, sorted set: pod id by Redis time (ms) of its last beat
-- KEYS[2]  this pod's row, string (JSON)
-- ARGV[1]  this pod's id
-- ARGV[2]  this pod's row as JSON; '' only reads (before the first beat nobody knows Redis' time)
-- ARGV[3]  time to live of the row, ms
-- ARGV[4]  what the key of every row begins with
--
-- Returns { Redis time in ms as a decimal string, row, row, ... }.
--
-- The other rows' keys can't be in KEYS, since only the sorted set knows them. They share its hash tag, so its slot.
-- A pod is dead when its row has gone, never by its score: a clock that jumps would bury the whole fleet.
local pods, own = KEYS[1], KEYS[2]
local id, row, ttl, prefix = ARGV[1], ARGV[2], ARGV[3], ARGV[4]

local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))

if row ~= '' then
  redis.call('SET', own, row, 'PX', ttl)
  redis.call('ZADD', pods, now, id)
  redis.call('PEXPIRE', pods, 6 * ttl)
end

local reply = { now }
local ids = redis.call('ZRANGE', pods, 0, -1)
if #ids == 0 then return reply end
local rows = {}
for index, pod in ipairs(ids) do rows[index] = prefix .. pod end
for index, found in ipairs(redis.call('MGET', unpack(rows))) do
  if found then
    reply[#reply + 1] = found
  else
    redis.call('ZREM', pods, ids[index])
  end
end
return reply
