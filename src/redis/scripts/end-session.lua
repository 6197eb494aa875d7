-- end-session: the session is over for everybody, with its data.
--
-- KEYS[1]  the session's row, hash
-- KEYS[2]  the session's live channel, which is told
-- ARGV[1]  tenant
-- ARGV[2]  connection that must own it; '' for whoever it is
--
-- Returns 1 if it was there and has gone, else 0: a repeat returns 0 and tells nobody.
local row, live = KEYS[1], KEYS[2]
local tenant, connection = ARGV[1], ARGV[2]

local found = redis.call('HMGET', row, 'tenant', 'connection')
if found[1] ~= tenant then return 0 end
if connection ~= '' and found[2] ~= connection then return 0 end

redis.call('DEL', row)
redis.call('SPUBLISH', live, 'x')
return 1
