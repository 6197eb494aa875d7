-- webhook-orphans: a pod is gone: its sessions are looked at now.
--
-- KEYS[1]  looks, sorted set: session by when its row is looked at next, ms
-- KEYS[2]  held, sorted set of `<pod>/<session>`, all with score 0
-- ARGV[1]  pod
-- ARGV[2]  sessions at most
--
-- Returns how many; as many as at most: there may be more. A repeat finds what is left.
local looks, held = KEYS[1], KEYS[2]
local pod, most = ARGV[1], ARGV[2]

local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))

-- `0` is the character after `/`.
local members = redis.call('ZRANGEBYLEX', held, '[' .. pod .. '/', '(' .. pod .. '0', 'LIMIT', 0, most)
for _, member in ipairs(members) do
  redis.call('ZADD', looks, 'LT', now, string.sub(member, #pod + 2))
  redis.call('ZREM', held, member)
end
return #members
