-- list-data: which fields of the application's data a session has.
--
-- KEYS[1]  the session's row, hash: `data:<field>` holds `<version> <JSON text>`
-- ARGV[1]  tenant
--
-- Returns { 'fields', field, version, bytes of JSON text, field, ... }, or { 'gone' }: no row, or another tenant's
local row = KEYS[1]
local tenant = ARGV[1]

if redis.call('HGET', row, 'tenant') ~= tenant then return { 'gone' } end

local reply = { 'fields' }
for _, key in ipairs(redis.call('HKEYS', row)) do
  if string.sub(key, 1, 5) == 'data:' then
    local version = string.match(redis.call('HGET', row, key), '^%d+')
    reply[#reply + 1] = string.sub(key, 6)
    reply[#reply + 1] = version
    reply[#reply + 1] = string.format('%.0f', redis.call('HSTRLEN', row, key) - #version - 1)
  end
end
return reply
