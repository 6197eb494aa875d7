-- presence-clear: what pods that are gone vouched for leaves a channel.
--
-- KEYS[1]  who is in the channel, hash: session -> `<user> <since> <pod> <attempt> <connection> <refreshed>`; `#` counts
--          changes
-- KEYS[2]  channel on which changes are told
-- ARGV[1]  entries at most
-- ARGV[2]  pod, and so on
--
-- Returns how many have gone; as many as at most: there may be more. A repeat finds what is left.
local here, told = KEYS[1], KEYS[2]
local most = tonumber(ARGV[1])

local gone = {}
for at = 2, #ARGV do gone[ARGV[at]] = true end

local cleared = 0
local all = redis.call('HGETALL', here)
for at = 1, #all, 2 do
  if cleared == most then break end
  local session = all[at]
  if session ~= '#' and gone[string.match(all[at + 1], '^%S+ %d+ (%S+) ')] then
    redis.call('HDEL', here, session)
    local changes = string.format('%.0f', redis.call('HINCRBY', here, '#', 1))
    redis.call('SPUBLISH', told, table.concat({ 'l', changes, session }, ' '))
    cleared = cleared + 1
  end
end
return cleared
