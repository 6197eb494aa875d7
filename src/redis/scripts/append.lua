-- append: a batch of items for one stream; each has a result of its own, and one that fails leaves the others applied.
--
-- KEYS[1] the log, stream; KEYS[2] its top, hash; KEYS[3] its live channel
-- KEYS[4] and on: for each item its guard: the publisher's hash, or the string of an idempotency key
-- ARGV[1] the log's own id, should it have to be made    ARGV[2] ms after which an item is late
-- ARGV[3] window, ms   ARGV[4] window, messages          ARGV[5] window, bytes
-- ARGV[6] time to live of top, ms                        ARGV[7] time to live of a publisher's hash, ms
-- ARGV[8] and on, six for each item: kind (publish, mark, refuse, send), seq, after, Redis time in ms at which the
--         frame was read, entry id, data as JSON text (refuse: the code)
--
-- Returns Redis' time in ms, then for each item one of
--   { 'ack', offset, id, after }   settled; offset 0 and id '' unless appended now; after '' unless seq jumped from it
--   { 'refused', code, after }     settled, not in the log
--   { 'gap', last }                `after` isn't the last sequence: nothing changed
--   { 'late' }                     older than it may be: nothing changed
--   { 'sent', offset, repeated }   a send; repeated 1: an earlier one with this key had the effect
--   { 'error', message }           this item alone failed: nothing of it is settled
-- or an error of Redis as a whole (read-only, out of memory, ...): what was settled before it stays so.
local log, top, live = KEYS[1], KEYS[2], KEYS[3]
local new_epoch, late_ms = ARGV[1], tonumber(ARGV[2])
local window_ms, window_messages, window_bytes = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local top_ttl, publisher_ttl = ARGV[6], ARGV[7]

-- Of refused sequences and jumps those that a client may still ask about are kept: MAX_UNANSWERED_SEQUENCES.
local NOTES_KEPT = 1024
-- The log may grow past its window by this part of it, so that a full one isn't trimmed at every append.
local SLACK = 1 / 16
-- What ails Redis as a whole: the rest of the batch would fail as this item did.
local WHOLE_SERVER = { 'READONLY', 'OOM', 'MISCONF', 'NOREPLICAS', 'MASTERDOWN', 'CLUSTERDOWN', 'LOADING' }

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function text(number)
  return string.format('%.0f', number)
end
local now_text = text(now)

-- `total` counts the bytes of data since the epoch, `bytes` those that are kept.
local epoch, offset, last_id, total, bytes, length, trim_at
local published, last_of, touched = {}, {}, {}

local function open_log()
  if epoch then return end
  local state = redis.call('HMGET', top, 'epoch', 'offset', 'id', 'total', 'bytes', 'trim_at')
  if state[1] then
    length = redis.call('XLEN', log)
    offset, last_id = tonumber(state[2]), state[3]
    total, bytes, trim_at = tonumber(state[4] or 0), tonumber(state[5] or 0), tonumber(state[6] or 0)
    epoch = state[1]
  else
    -- A log that outlived its top would refuse offset 1 for ever.
    redis.call('DEL', log)
    redis.call('HSET', top, 'epoch', new_epoch, 'offset', '0', 'id', new_epoch)
    length, offset, last_id, total = 0, 0, new_epoch, 0
    epoch = new_epoch
  end
  -- An idle log expires before its top: what top says about its content is then of the past.
  if length == 0 then bytes, trim_at = 0, now + window_ms * (1 + SLACK) end
end

local function append(id, data)
  open_log()
  local next_offset, next_total = text(offset + 1), total + #data
  redis.call('XADD', log, '0-' .. next_offset, 'i', id, 'p', last_id, 't', now_text, 'n', text(next_total), 'd', data)
  published[#published + 1] = epoch .. ' ' .. next_offset .. ' ' .. id .. ' ' .. last_id .. ' ' .. data
  offset, last_id, total, bytes, length = offset + 1, id, next_total, bytes + #data, length + 1
  return next_offset
end

local function forget_old_notes(guard, seq)
  if redis.call('HLEN', guard) < NOTES_KEPT * 2 then return end
  for _, field in ipairs(redis.call('HKEYS', guard)) do
    local noted = tonumber(string.match(field, '^[rj](%d+)$'))
    if noted and noted <= seq - NOTES_KEPT then redis.call('HDEL', guard, field) end
  end
end

local function settled_before(guard, seq)
  local notes = redis.call('HMGET', guard, 'r' .. seq, 'j' .. seq)
  if notes[1] then return { 'refused', notes[1], notes[2] or '' } end
  return { 'ack', '0', '', notes[2] or '' }
end

local function sequenced(guard, kind, seq_text, after_text, read_at, id, payload)
  if now - tonumber(read_at) > late_ms then return { 'late' } end
  local seq, after = tonumber(seq_text), tonumber(after_text)
  local last = last_of[guard]
  if not last then
    last = tonumber(redis.call('HGET', guard, 'last') or '0')
    last_of[guard] = last
  end
  touched[guard] = true
  if seq <= last then return settled_before(guard, seq_text) end
  if after ~= last then return { 'gap', text(last) } end
  local jumped = after ~= seq - 1 and after_text or ''
  local result
  if kind == 'publish' then
    result = { 'ack', append(id, payload), id, jumped }
  elseif kind == 'refuse' then
    result = { 'refused', payload, jumped }
  else
    result = { 'ack', '0', '', jumped }
  end
  -- Only now: an append that failed must not look settled.
  redis.call('HSET', guard, 'last', seq_text)
  last_of[guard] = seq
  if kind == 'refuse' then redis.call('HSET', guard, 'r' .. seq_text, payload) end
  if jumped ~= '' then redis.call('HSET', guard, 'j' .. seq_text, jumped) end
  if kind == 'refuse' or jumped ~= '' then forget_old_notes(guard, seq) end
  return result
end

local function keyed(guard, id, payload)
  local before = redis.call('GET', guard)
  if before then return { 'sent', before, 1 } end
  local at = append(id, payload)
  redis.call('SET', guard, at, 'PX', text(window_ms))
  return { 'sent', at, 0 }
end

-- The entry at an offset: its time, and the bytes that are kept if it is the oldest.
local function entry_at(at)
  local fields = redis.call('XRANGE', log, '0-' .. text(at), '0-' .. text(at))[1][2]
  return tonumber(fields[6]), total - tonumber(fields[8]) + #fields[10]
end

-- Finds the oldest entry with which the log is within its window in age, count and bytes; the newest always stays.
local function trim()
  local limit_messages, limit_bytes = window_messages * (1 + SLACK), window_bytes * (1 + SLACK)
  if length <= limit_messages and bytes <= limit_bytes and now < trim_at then return end
  local from, to = offset - math.min(length, window_messages) + 1, offset
  while from < to do
    local middle = math.floor((from + to) / 2)
    local entry_time, kept = entry_at(middle)
    if kept <= window_bytes and entry_time > now - window_ms then to = middle else from = middle + 1 end
  end
  local oldest_time, kept = entry_at(from)
  length, bytes, trim_at = offset - from + 1, kept, oldest_time + window_ms * (1 + SLACK)
  redis.call('XTRIM', log, 'MAXLEN', text(length))
end

local function server_fault(message)
  for _, code in ipairs(WHOLE_SERVER) do
    if string.find(message, '^' .. code) or string.find(message, '-' .. code, 1, true) then return true end
  end
  return false
end

local results, fault = { now_text }, nil
for item = 1, #KEYS - 3 do
  local guard, at = KEYS[item + 3], 7 + (item - 1) * 6
  local kind, seq, after, read_at, id, payload =
    ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4], ARGV[at + 5], ARGV[at + 6]
  local done, result
  if kind == 'send' then
    done, result = pcall(keyed, guard, id, payload)
  else
    done, result = pcall(sequenced, guard, kind, seq, after, read_at, id, payload)
  end
  if not done then
    local message = type(result) == 'table' and tostring(result.err) or tostring(result)
    if server_fault(message) then
      fault = message
      break
    end
    result = { 'error', message }
  end
  results[item + 1] = result
end

for guard in pairs(touched) do redis.pcall('PEXPIRE', guard, publisher_ttl) end
if #published > 0 then
  -- Whatever goes wrong with the past: top has to say what has been appended.
  pcall(trim)
  redis.call(
    'HSET', top, 'offset', text(offset), 'id', last_id, 'total', text(total), 'bytes', text(bytes), 'trim_at', text(trim_at)
  )
  redis.call('PEXPIRE', log, text(window_ms))
  redis.call('PEXPIRE', top, top_ttl)
  redis.call('SPUBLISH', live, 'e' .. table.concat(published, '\n'))
end
if fault then return redis.error_reply(fault) end
return results
