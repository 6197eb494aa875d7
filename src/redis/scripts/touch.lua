-- touch: what a publisher has settled on a stream is kept for another time to live; a missing hash stays missing.
--
-- KEYS[1] the publisher's hash
-- ARGV[1] its time to live, ms
--
-- Returns 1, or 0 when there is none
return redis.call('PEXPIRE', KEYS[1], ARGV[1])
