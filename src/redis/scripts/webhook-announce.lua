-- webhook-announce: what pods report of their sessions, and what looks at rows came to. What receivers haven't been told of
-- is enqueued in the same step in which it is noted as told, so that nothing is told twice under two ids.
--
-- KEYS[1]  sessions, hash: session -> `<version> <state> <ended> <told> <left> <pod> <user>`; state: c (connected),
--          d (disconnected), x (over: kept for a while, since a report may come late); ended: 1 if somebody asked for its end; told: ms of its last event; left: ms since which
--          nobody holds it, as far as is known, or 0; pod: who holds it, or `.`
-- KEYS[2]  looks, sorted set: session by when its row is looked at next, ms
-- KEYS[3]  held, sorted set of `<pod>/<session>`, all with score 0
-- KEYS[4]  queue, sorted set: event by when it is sent next, ms
-- KEYS[5]  ages, sorted set: event by when it was enqueued, ms
-- KEYS[6]  events, hash: event -> `<tries> <letter> <told> <session> <user>`
-- ARGV[1]  grace: how long a session may be held by nobody before that is told, ms
-- ARGV[2]  patrol: a connected session is looked at after this time at the latest, ms
-- ARGV[3]  events at most; the oldest make room
-- ARGV[4]  time to live of all keys, ms
-- ARGV[5]  letters of the events that the receiver wants: c, d, x (expired), e (ended)
-- ARGV[6..] nine for each step: kind, session, id of its events, pod, user, version, events, left, delay
--          held    pod and user: this pod has claimed it, or once more
--          left    a connection has given it back; somebody else may have it
--          ended   somebody asked for its end
--          looked  what came of a look that saw this version: events (letters), pod or `.`, left, and in how many ms to
--                  look again, '' for never: the session has gone. Another version means that something was reported since
--
-- Returns { enqueued, dropped }. Repeats enqueue nothing.
local sessions, looks, held, queue, ages, events = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local grace, patrol, most = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local ttl, wanted = ARGV[4], ARGV[5]

local FIRST, COLUMNS = 6, 9
local NOBODY = '.'
local AHEAD = 5
-- A queue that is longer than it may be since a setting has changed gets shorter with each call by so many: dropping all of
-- it at once would take seconds.
local surplus = 100

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local enqueued, dropped = 0, 0

local function text(number) return string.format('%.0f', number) end

local function read(session)
  local found = redis.call('HGET', sessions, session)
  if not found then return nil end
  local version, state, ended, told, left, pod, user = string.match(found, '^(%d+) (%a) (%d) (%d+) (%d+) (%S+) (%S+)$')
  return { version = tonumber(version), state = state, ended = ended, told = tonumber(told), left = left, pod = pod,
    user = user }
end

local function write(session, it, pod)
  if it.pod ~= NOBODY and it.pod ~= pod then redis.call('ZREM', held, it.pod .. '/' .. session) end
  if pod ~= NOBODY then redis.call('ZADD', held, 0, pod .. '/' .. session) end
  local fields = { text(it.version + 1), it.state, it.ended, text(it.told), it.left, pod, it.user }
  redis.call('HSET', sessions, session, table.concat(fields, ' '))
end

local function forget(session, it)
  redis.call('HDEL', sessions, session)
  redis.call('ZREM', looks, session)
  if it.pod ~= NOBODY then redis.call('ZREM', held, it.pod .. '/' .. session) end
end

local function make_room()
  local needed = true
  while redis.call('ZCARD', ages) >= most and (needed or surplus > 0) do
    if not needed then surplus = surplus - 1 end
    needed = false
    local oldest = redis.call('ZRANGE', ages, 0, 0)[1]
    redis.call('ZREM', ages, oldest)
    redis.call('ZREM', queue, oldest)
    redis.call('HDEL', events, oldest)
    dropped = dropped + 1
  end
end

-- Times of one session's events only grow, so that receivers can tell which came later.
local function enqueue(session, it, letter, id)
  it.told = math.max(now, it.told + 1)
  it.state = letter == 'c' and 'c' or letter == 'd' and 'd' or 'x'
  if not string.find(wanted, letter, 1, true) then return end
  make_room()
  local event = id .. letter
  redis.call('HSET', events, event, table.concat({ '0', letter, text(it.told), session, it.user }, ' '))
  -- In the order in which they happened; webhook-take looks as far ahead.
  redis.call('ZADD', queue, text(math.min(it.told, now + AHEAD)), event)
  redis.call('ZADD', ages, text(now), event)
  enqueued = enqueued + 1
end

-- Only its row can say that a session goes on that was told to be over.
local function look_again(session, it)
  redis.call('ZADD', looks, 'LT', text(now), session)
  write(session, it, it.pod)
end

local steps = {}

steps.held = function(session, id, pod, user)
  local it = read(session) or { version = 0, state = 'd', ended = '0', told = 0, pod = NOBODY }
  if it.state == 'x' then return look_again(session, it) end
  it.left, it.user = '0', user
  -- One that comes late names a pod that had it before, and hides that the one that has it dies: the row tells.
  if it.state == 'c' and it.pod == pod then
    redis.call('ZADD', looks, 'LT', text(now + patrol), session)
  else
    if it.state ~= 'c' then enqueue(session, it, 'c', id) end
    redis.call('ZADD', looks, 'LT', text(now + grace), session)
  end
  write(session, it, pod)
end

steps.left = function(session)
  local it = read(session)
  if not it or it.state == 'x' then return end
  it.left = text(now)
  redis.call('ZADD', looks, 'LT', text(now + grace), session)
  write(session, it, it.pod)
end

steps.ended = function(session)
  local it = read(session)
  if not it or it.state == 'x' then return end
  it.ended = '1'
  redis.call('ZADD', looks, 'LT', text(now), session)
  write(session, it, it.pod)
end

steps.looked = function(session, id, pod, _, version, letters, left, delay)
  local it = read(session)
  if not it or it.version ~= tonumber(version) then return end
  for letter in string.gmatch(letters, '%a') do enqueue(session, it, letter, id) end
  if delay == '' then return forget(session, it) end
  it.left = left
  if pod ~= NOBODY then it.ended = '0' end
  redis.call('ZADD', looks, text(now + tonumber(delay)), session)
  write(session, it, pod)
end

for at = FIRST, #ARGV, COLUMNS do
  steps[ARGV[at]](ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4], ARGV[at + 5], ARGV[at + 6], ARGV[at + 7],
    ARGV[at + 8])
end
for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, ttl) end
return { enqueued, dropped }
