-- Record that a user has a session, and extend the TTL of the app's state.
-- KEYS: users app_state
-- ARGV: ms user user_ttl
local now = milliseconds()
redis.call('ZADD', KEYS[1], now + tonumber(ARGV[1]), ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', '(' .. now)
redis.call('PEXPIRE', KEYS[1], ARGV[1])
redis.call('PEXPIRE', KEYS[2], ARGV[3])
return 1
