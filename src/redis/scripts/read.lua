-- read: one page of a log after a position, or why the position no longer leads anywhere.
--
-- KEYS[1] the log, stream; KEYS[2] its top, hash
-- ARGV[1] the log's own id, should it have to be made   ARGV[2] time to live of top, ms
-- ARGV[3] entries at most                               ARGV[4] offset of the position, '' for "from now on"
-- ARGV[5] id of the position
--
-- Returns { 'entries', top offset, top id, { offset, id, prev, data, offset, ... } }; big entries make a short page
--      or { 'reset', reason, top offset, top id }: lost, trimmed, forked, ahead
local log, top = KEYS[1], KEYS[2]
local new_epoch, top_ttl, limit = ARGV[1], ARGV[2], tonumber(ARGV[3])
local offset_text, id = ARGV[4], ARGV[5]

local PAGE_BYTES = 262144
-- Entries are looked at this many at a time, so that a page of big ones doesn't pull the whole log into memory.
local CHUNK = 16

local function text(number)
  return string.format('%.0f', number)
end

local state = redis.call('HMGET', top, 'epoch', 'offset', 'id')
local made = not state[1]
if made then
  redis.call('DEL', log)
  redis.call('HSET', top, 'epoch', new_epoch, 'offset', '0', 'id', new_epoch)
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
local function refusal(at, fields)
  if at == offset then return fields[2] ~= id and 'forked' end
  if at ~= offset + 1 then return 'trimmed' end
  return fields[4] ~= id and 'forked'
end

local entries, expected, bytes = {}, offset + 1, 0
local from, more, checked = '0-' .. (offset == 0 and '1' or offset_text), true, false
while more do
  local found = redis.call('XRANGE', log, from, '+', 'COUNT', CHUNK)
  more = #found == CHUNK
  for _, entry in ipairs(found) do
    local at, fields = tonumber(string.match(entry[1], '%-(%d+)$')), entry[2]
    local reason = not checked and refusal(at, fields)
    if reason then return reset(reason) end
    checked = true
    if at > offset then
      more = more and at == expected and #entries < limit * 4 and bytes < PAGE_BYTES
      if at ~= expected or #entries == limit * 4 or bytes >= PAGE_BYTES then break end
      entries[#entries + 1] = text(at)
      entries[#entries + 1] = fields[2]
      entries[#entries + 1] = fields[4]
      entries[#entries + 1] = fields[10]
      expected, bytes = expected + 1, bytes + #fields[10]
    end
  end
  from = '0-' .. text(expected)
end
if #entries == 0 then return reset('trimmed') end
return page(entries)
