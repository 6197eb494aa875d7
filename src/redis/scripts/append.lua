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
local log, top, live = KEYS[1], KEYS[2], KEYS[3]
local new_epoch, late_ms = ARGV[1], tonumber(ARGV[2])
local window_ms, window_messages, window_bytes = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local top_ttl, publisher_ttl = ARGV[6], ARGV[7]

-- Of refused sequences and jumps the last ones are kept: a client has no more than this many unsettled.
local NOTES_KEPT = 256

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function text(number)
  return string.format('%.0f', number)
end

local epoch, offset, last_id, bytes
local published = {}
local last_of = {}

local function open_log()
  if epoch then return end
  local state = redis.call('HMGET', top, 'epoch', 'offset', 'id', 'bytes')
  if state[1] then
    epoch, offset, last_id, bytes = state[1], tonumber(state[2]), state[3], tonumber(state[4])
    return
  end
  -- A log that outlived its top would refuse offset 1 for ever.
  redis.call('DEL', log)
  epoch, offset, last_id, bytes = new_epoch, 0, new_epoch, 0
  redis.call('HSET', top, 'epoch', epoch, 'offset', '0', 'id', last_id, 'bytes', '0')
end

local function append(id, data)
  open_log()
  local next_offset = text(offset + 1)
  redis.call('XADD', log, '0-' .. next_offset, 'i', id, 'p', last_id, 't', text(now), 's', #data, 'd', data)
  published[#published + 1] = epoch .. ' ' .. next_offset .. ' ' .. id .. ' ' .. last_id .. ' ' .. data
  offset, last_id, bytes = offset + 1, id, bytes + #data
  redis.call('HSET', top, 'offset', next_offset, 'id', last_id, 'bytes', text(bytes))
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
  local result
  if seq <= last then
    result = settled_before(guard, seq_text)
  elseif after ~= last then
    return { 'gap', text(last) }
  else
    local jumped = after ~= seq - 1 and after_text or ''
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
  end
  redis.call('PEXPIRE', guard, publisher_ttl)
  return result
end

local function keyed(guard, id, payload)
  local before = redis.call('GET', guard)
  if before then return { 'sent', before, 1 } end
  local at = append(id, payload)
  redis.call('SET', guard, at, 'PX', text(window_ms))
  return { 'sent', at, 0 }
end

-- Oldest first, until the log is within its window in age, count and bytes.
local function trim()
  local length = redis.call('XLEN', log)
  local keep_from
  while length > 0 do
    local oldest = redis.call('XRANGE', log, keep_from or '-', '+', 'COUNT', 32)
    local dropped = false
    for _, entry in ipairs(oldest) do
      local entry_time, size = tonumber(entry[2][6]), tonumber(entry[2][8])
      if length <= window_messages and bytes <= window_bytes and entry_time >= now - window_ms then break end
      length, bytes, dropped = length - 1, bytes - size, true
      keep_from = '0-' .. text(tonumber(string.match(entry[1], '%-(%d+)$')) + 1)
    end
    if not dropped or #oldest < 32 then break end
  end
  if not keep_from then return end
  redis.call('XTRIM', log, 'MINID', keep_from)
  redis.call('HSET', top, 'bytes', text(bytes))
end

local results = { text(now) }
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
    result = { 'error', type(result) == 'table' and tostring(result.err) or tostring(result) }
  end
  results[item + 1] = result
end

if #published > 0 then
  trim()
  redis.call('PEXPIRE', log, text(window_ms))
  redis.call('PEXPIRE', top, top_ttl)
  redis.call('PUBLISH', live, 'e' .. table.concat(published, '\n'))
end
return results
