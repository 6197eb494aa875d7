-- session-data: writes one field of the application's data if it has the expected version.
--
-- KEYS[1]  the session's row, hash: `data:<field>` holds `<version> <JSON text>`, `floor` the highest deleted version
-- ARGV[1]  tenant
-- ARGV[2]  field
-- ARGV[3]  JSON text
-- ARGV[4]  the version that was read, 0 for a new field; '' for whatever is there
-- ARGV[5]  the most fields that a session may have
--
-- Returns one of
--   { 'stored', version }
--   { 'conflict', version }  that version is there; nothing changed
--   { 'full' }               it would be one field too many; nothing changed
--   { 'gone' }               no row, or another tenant's
-- The same text again, after the expected version or after any, is a repeat: the version stays. A new field begins
-- above the floor, so that no version of a field ever means two values.
local row = KEYS[1]
local tenant, field, text, expected, most = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local name = 'data:' .. field

local found = redis.call('HMGET', row, 'tenant', name, 'floor')
if found[1] ~= tenant then return { 'gone' } end

local floor = tonumber(found[3] or '0')
local version, stored = 0, nil
if found[2] then
  local space = string.find(found[2], ' ', 1, true)
  version = tonumber(string.sub(found[2], 1, space - 1))
  stored = string.sub(found[2], space + 1)
end

local function number(value)
  return string.format('%.0f', value)
end

local before = version == floor + 1 and 0 or version - 1
if stored == text and (expected == '' or tonumber(expected) == before or tonumber(expected) == version - 1) then
  return { 'stored', number(version) }
end
if expected ~= '' and tonumber(expected) ~= version then return { 'conflict', number(version) } end

if version == 0 then
  local fields = 0
  for _, key in ipairs(redis.call('HKEYS', row)) do
    if string.sub(key, 1, 5) == 'data:' then fields = fields + 1 end
  end
  if fields >= tonumber(most) then return { 'full' } end
  version = floor
end

redis.call('HSET', row, name, number(version + 1) .. ' ' .. text)
return { 'stored', number(version + 1) }
