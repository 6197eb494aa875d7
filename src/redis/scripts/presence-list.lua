-- presence-list: who is in a channel.
--
-- KEYS[1]  who is in the channel, hash: session -> `<user> <since> <pod> <attempt> <connection> <refreshed>`; `#` counts
--          changes
-- KEYS[2]  channel on which changes are told
-- ARGV[1]  time to live of an entry that isn't refreshed, ms
--
-- Returns { changes until then, session, user, since, pod, session, ... }; entries that nobody refreshes are removed.
local here, told = KEYS[1], KEYS[2]
local ttl = ARGV[1]

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local reply = { '0' }
local all = redis.call('HGETALL', here)
for at = 1, #all, 2 do
  local session = all[at]
  if session ~= '#' then
    local user, since, pod, refreshed = string.match(all[at + 1], '^(%S+) (%d+) (%S+) %d+ %S+ (%d+)$')
    if tonumber(refreshed) + tonumber(ttl) > now then
      reply[#reply + 1] = session
      reply[#reply + 1] = user
      reply[#reply + 1] = since
      reply[#reply + 1] = pod
    else
      redis.call('HDEL', here, session)
      local changes = string.format('%.0f', redis.call('HINCRBY', here, '#', 1))
      redis.call('SPUBLISH', told, table.concat({ 'l', changes, session }, ' '))
    end
  end
end
reply[1] = redis.call('HGET', here, '#') or '0'
return reply
