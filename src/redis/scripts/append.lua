-- append: a batch of items for one stream; each has a result of its own, and one that fails leaves the others applied.
--
-- KEYS[1] the log, stream; KEYS[2] its top, hash; KEYS[3] its live channel
-- KEYS[4] and on: for each run of items its guard: the publisher's hash, or the string of an idempotency key
-- ARGV[1] an id that nothing has: the log's own, should it have to be made; with the item's number, from 1, its entry's
-- ARGV[2] ms after which an item is late                 ARGV[3] window, ms
-- ARGV[4] window, messages                               ARGV[5] window, bytes
-- ARGV[6] time to live of top, ms                        ARGV[7] time to live of a publisher's hash, ms
-- ARGV[8] and on, for each run: kind (publish, mark, refuse, send), how many items (a send: 1), then of the first one seq,
--         after, Redis time in ms at which the frame was read, and data as JSON text (refuse: the code) of each. The
--         others' seq and after go on by one; their frames were read at the same time
--
-- Returns Redis' time in ms, then for each item one of
--   offset, a number               appended now, and settled; seq didn't jump
--   { 'ack', offset, after }       settled; offset 0 unless appended now; after '' unless seq jumped from it
--   { 'refused', code, after }     settled, not in the log
--   { 'gap', last }                `after` isn't the last sequence: nothing changed
--   { 'late' }                     older than it may be: nothing changed
--   { 'sent', offset }             an earlier send with this key had the effect
--   { 'error', message }           this item alone failed: nothing of it is settled
-- and if all are numbers only the first, which the others follow,
-- or an error of Redis as a whole (read-only, out of memory, ...): what was settled before it stays so.
local log, top, live = KEYS[1], KEYS[2], KEYS[3]
local new_id, late_ms = ARGV[1], tonumber(ARGV[2])
local window_ms, window_messages, window_bytes = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local top_ttl, publisher_ttl = ARGV[6], ARGV[7]

-- Of refused sequences and jumps those that a client may still ask about are kept: MAX_UNANSWERED_SEQUENCES.
local NOTES_KEPT = 1024
-- The log may grow past its window by this part of it, so that a full one isn't trimmed at every append.
local SLACK = 1 / 16
local grown_window_ms = math.floor(window_ms * (1 + SLACK))

local call, format = redis.call, string.format
local time = call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- Whole numbers: `tostring` would write a large one as 1e+14.
local function text(number)
  return format('%d', number)
end
local now_text = text(now)

-- `total` counts the bytes of data since the epoch, `bytes` those that are kept.
local epoch, offset, last_id, total, bytes, length, trim_at
local published, last_of, settled = {}, {}, {}

local function open_log()
  local state = call('HMGET', top, 'epoch', 'offset', 'id', 'total', 'bytes', 'trim_at')
  if state[1] then
    length = call('XLEN', log)
    offset, last_id = tonumber(state[2]), state[3]
    total, bytes, trim_at = tonumber(state[4] or 0), tonumber(state[5] or 0), tonumber(state[6] or 0)
    epoch = state[1]
  else
    -- A log that outlived its top would refuse offset 1 for ever.
    call('DEL', log)
    call('HSET', top, 'epoch', new_id, 'offset', '0', 'id', new_id)
    length, offset, last_id, total = 0, 0, new_id, 0
    epoch = new_id
  end
  -- An idle log expires before its top: what top says about its content is then of the past.
  if length == 0 then bytes, trim_at = 0, now + grown_window_ms end
end

local function append(id, data)
  if not epoch then open_log() end
  local next_offset, next_total = text(offset + 1), total + #data
  call('XADD', log, '0-' .. next_offset, 'i', id, 'p', last_id, 't', now_text, 'n', text(next_total), 'd', data)
  published[#published + 1] = epoch .. ' ' .. next_offset .. ' ' .. id .. ' ' .. last_id .. ' ' .. data
  offset, last_id, total, bytes, length = offset + 1, id, next_total, bytes + #data, length + 1
  return next_offset
end

local function forget_old_notes(guard, seq)
  if call('HLEN', guard) < NOTES_KEPT * 2 then return end
  for _, field in ipairs(call('HKEYS', guard)) do
    local noted = tonumber(string.match(field, '^[rj](%d+)$'))
    if noted and noted <= seq - NOTES_KEPT then call('HDEL', guard, field) end
  end
end

local function settled_before(guard, seq)
  local notes = call('HMGET', guard, 'r' .. seq, 'j' .. seq)
  if notes[1] then return { 'refused', notes[1], notes[2] or '' } end
  return { 'ack', '0', notes[2] or '' }
end

-- Nothing is returned for what was appended and didn't jump.
local function sequenced(guard, kind, seq, after, read_at, id, payload)
  if now - read_at > late_ms then return { 'late' } end
  local last = last_of[guard]
  if not last then
    last = tonumber(call('HGET', guard, 'last') or '0')
    last_of[guard] = last
  end
  if seq <= last then return settled_before(guard, text(seq)) end
  if after ~= last then return { 'gap', text(last) } end
  local jumped, result = after ~= seq - 1 and text(after) or '', nil
  if kind == 'publish' then
    local at = append(id, payload)
    result = jumped ~= '' and { 'ack', at, jumped } or nil
  elseif kind == 'refuse' then
    result = { 'refused', payload, jumped }
  else
    result = { 'ack', '0', jumped }
  end
  -- Only now: an append that failed must not look settled.
  last_of[guard], settled[guard] = seq, true
  if kind == 'refuse' then call('HSET', guard, 'r' .. text(seq), payload) end
  if jumped ~= '' then call('HSET', guard, 'j' .. text(seq), jumped) end
  if kind == 'refuse' or jumped ~= '' then forget_old_notes(guard, seq) end
  return result
end

local function keyed(guard, id, payload)
  local before = call('GET', guard)
  if before then return { 'sent', before } end
  local at = append(id, payload)
  call('SET', guard, at, 'PX', text(window_ms))
end

-- The entry at an offset: its time, and the bytes that are kept if it is the oldest.
local function entry_at(at)
  local fields = call('XRANGE', log, '0-' .. text(at), '0-' .. text(at))[1][2]
  return tonumber(fields[6]), total - tonumber(fields[8]) + #fields[10]
end

-- Finds the oldest entry with which the log is within its window in age, count and bytes; the newest always stays.
local function trim()
  local limit_messages, limit_bytes = window_messages * (1 + SLACK), window_bytes * (1 + SLACK)
  if length <= limit_messages and bytes <= limit_bytes and now < trim_at then return end
  local from, to = offset - math.min(length, window_messages) + 1, offset
  -- Mostly there are only too many of them: the first look is the last.
  local at = from
  while from < to do
    local entry_time, kept = entry_at(at)
    if kept <= window_bytes and entry_time > now - window_ms then to = at else from = at + 1 end
    at = math.floor((from + to) / 2)
  end
  local oldest_time, kept = entry_at(from)
  length, bytes, trim_at = offset - from + 1, kept, oldest_time + grown_window_ms
  call('XTRIM', log, 'MAXLEN', text(length))
end

-- What ails Redis as a whole: the rest of the batch would fail as this item did.
local function server_fault(message)
  for _, code in ipairs({ 'READONLY', 'OOM', 'MISCONF', 'NOREPLICAS', 'MASTERDOWN', 'CLUSTERDOWN', 'LOADING' }) do
    if string.find(message, '^' .. code) or string.find(message, '-' .. code, 1, true) then return true end
  end
  return false
end

local results, plain, fault, item, at = { now_text }, true, nil, 0, 7
for run = 4, #KEYS do
  local guard, kind, count = KEYS[run], ARGV[at + 1], tonumber(ARGV[at + 2])
  local seq, after, read_at = tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4]), tonumber(ARGV[at + 5])
  at = at + 5
  for nth = 1, count do
    item, at = item + 1, at + 1
    local done, result
    if kind == 'send' then
      done, result = pcall(keyed, guard, new_id .. text(item), ARGV[at])
    else
      done, result = pcall(sequenced, guard, kind, seq, after, read_at, new_id .. text(item), ARGV[at])
      seq, after = seq + 1, seq
    end
    if not done then
      local message = type(result) == 'table' and tostring(result.err) or tostring(result)
      if server_fault(message) then
        fault = message
        break
      end
      result = { 'error', message }
    end
    plain = plain and not result
    results[item + 1] = result or offset
  end
  if fault then break end
end

for guard, last in pairs(last_of) do
  if settled[guard] then
    -- Before anything else can fail: what is in the log has to look settled.
    local written = redis.pcall('HSET', guard, 'last', text(last))
    fault = fault or type(written) == 'table' and written.err
  end
  redis.pcall('PEXPIRE', guard, publisher_ttl)
end
if #published > 0 then
  -- Whatever goes wrong with the past: top has to say what has been appended.
  pcall(trim)
  call(
    'HSET', top, 'offset', text(offset), 'id', last_id, 'total', text(total), 'bytes', text(bytes), 'trim_at', text(trim_at)
  )
  call('PEXPIRE', log, text(window_ms))
  call('PEXPIRE', top, top_ttl)
  call('SPUBLISH', live, 'e' .. table.concat(published, '\n'))
end
if fault then return redis.error_reply(fault) end
if plain then return { now_text, results[2] } end
return results
