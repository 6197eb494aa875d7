-- delete-data: removes one field of the application's data if it has the expected version.
--
-- KEYS[1]  the session's row, hash: `data:<field>` holds `<version> <JSON text>`, `floor` the highest deleted version
-- ARGV[1]  tenant
-- ARGV[2]  field
-- ARGV[3]  the version that was read; '' for whatever is there
--
-- Returns one of
--   { 'deleted' }            also if it wasn't there: a repeat has the same answer
--   { 'conflict', version }  that version is there; nothing changed
--   { 'gone' }               no row, or another tenant's
local row = KEYS[1]
local tenant, field, expected = ARGV[1], ARGV[2], ARGV[3]
local name = 'data:' .. field

local found = redis.call('HMGET', row, 'tenant', name, 'floor')
if found[1] ~= tenant then return { 'gone' } end
if not found[2] then return { 'deleted' } end

local version = tonumber(string.match(found[2], '^%d+'))
local version_text = string.format('%.0f', version)
if expected ~= '' and tonumber(expected) ~= version then return { 'conflict', version_text } end

redis.call('HDEL', row, name)
if version > tonumber(found[3] or '0') then redis.call('HSET', row, 'floor', version_text) end
return { 'deleted' }
