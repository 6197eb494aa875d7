-- read: one page of a log after a position, or why the position no longer leads anywhere.
--
-- KEYS[1] the log, stream; KEYS[2] its top, hash
-- ARGV[1] the log's own id, should it have to be made   ARGV[2] time to live of top, ms
-- ARGV[3] entries at most                               ARGV[4] offset of the position, '' for "from now on"
-- ARGV[5] id of the position
--
-- Returns { 'entries', top offset, top id, { offset, id, prev, data, offset, ... } }
--      or { 'reset', reason, top offset, top id }: lost, trimmed, forked, ahead
local log, top = KEYS[1], KEYS[2]
local new_epoch, top_ttl, limit = ARGV[1], ARGV[2], tonumber(ARGV[3])
local offset_text, id = ARGV[4], ARGV[5]

local function text(number)
  return string.format('%.0f', number)
end

local state = redis.call('HMGET', top, 'epoch', 'offset', 'id')
local made = not state[1]
if made then
  redis.call('DEL', log)
  redis.call('HSET', top, 'epoch', new_epoch, 'offset', '0', 'id', new_epoch, 'bytes', '0')
  state = { new_epoch, '0', new_epoch }
end
redis.call('PEXPIRE', top, top_ttl)
local epoch, top_offset_text, top_id = state[1], state[2], state[3]

local function reset(reason)
  return { 'reset', reason, top_offset_text, top_id }
end
local function page(entries)
  return { 'entries', top_offset_text, top_id, entries }
end

if offset_text == '' then return page({}) end
local offset, top_offset = tonumber(offset_text), tonumber(top_offset_text)
if made then return reset('lost') end
if offset == 0 and id ~= epoch then return reset('lost') end
if offset > top_offset then return reset('ahead') end
if offset == top_offset then
  if id == top_id then return page({}) end
  return reset('forked')
end

-- The position's own entry comes with the page: the same id at the same offset is the same history before it. When it
-- has just been trimmed, the `prev` of the next one says the same.
local found = redis.call('XRANGE', log, '0-' .. (offset == 0 and '1' or offset_text), '+', 'COUNT', limit + 1)
local entries, expected = {}, offset + 1
for index, entry in ipairs(found) do
  local at, fields = tonumber(string.match(entry[1], '%-(%d+)$')), entry[2]
  if index == 1 then
    if at == offset then
      if fields[2] ~= id then return reset('forked') end
    elseif at ~= expected then
      return reset('trimmed')
    elseif fields[4] ~= id then
      return reset('forked')
    end
  end
  if at == expected and #entries < limit * 4 then
    entries[#entries + 1] = text(at)
    entries[#entries + 1] = fields[2]
    entries[#entries + 1] = fields[4]
    entries[#entries + 1] = fields[10]
    expected = expected + 1
  end
end
if #entries == 0 then return reset('trimmed') end
return page(entries)
