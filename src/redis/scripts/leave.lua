-- leave: this pod's process ends; nobody has to wait for its row to run out.
--
-- KEYS[1]  pods, sorted set
-- KEYS[2]  this pod's row, string
-- ARGV[1]  this pod's id
--
-- Returns 1 if the row was there, else 0. A repeat changes nothing.
redis.call('ZREM', KEYS[1], ARGV[1])
return redis.call('DEL', KEYS[2])
