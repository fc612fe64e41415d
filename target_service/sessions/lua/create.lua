-- Create a session, unless it is there.
-- KEYS: meta events index user_state
-- ARGV: ttl user_ttl member nonce updated  #session #user #app  pairs...
-- Returns {1, user state}, or {0} when the id is taken by another creation.
local meta, events, index, user_state = unpack(KEYS)
local ttl, user_ttl = tonumber(ARGV[1]), tonumber(ARGV[2])
local _, revision = alive(meta, events)
if revision and redis.call('HGET', meta, 'n') ~= ARGV[4] then
  return {0}
end
redis.call('HSET', meta, 'n', ARGV[4], 'r', revision or 0, 'u', ARGV[5])
local at = set_pairs(meta, 's', 9, tonumber(ARGV[6]))
at = set_pairs(user_state, '', at, tonumber(ARGV[7]))
set_pairs(meta, 'p', at, tonumber(ARGV[8]))
redis.call('PEXPIRE', user_state, user_ttl)
redis.call('ZREMRANGEBYSCORE', index, '-inf', '(' .. milliseconds())
touch(meta, events, index, ARGV[3], ttl)
return {1, redis.call('HGETALL', user_state)}
