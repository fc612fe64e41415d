-- Create a session with its first events, unless it exists.
-- KEYS: meta events index user_state
-- ARGV: ttl user_ttl member nonce updated fence
--       #events #session #user #app  events... pairs...
-- Returns {1, user state}, or {0} when the id is taken by another creation.
local meta, events, index, user_state = unpack(KEYS)
local ttl, user_ttl, count = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[7])
local _, revision = alive(meta, events)
if revision and redis.call('HGET', meta, 'n') ~= ARGV[4] then
  return {0}
end
if not revision then
  push(events, 11, count)
  redis.call('HSET', meta, 'f', ARGV[6])
end
redis.call('HSET', meta, 'n', ARGV[4], 'r', revision or count, 'u', ARGV[5])
local at = set_pairs(meta, 's', 11 + count, tonumber(ARGV[8]))
at = set_pairs(user_state, '', at, tonumber(ARGV[9]))
set_pairs(meta, 'p', at, tonumber(ARGV[10]))
redis.call('PEXPIRE', user_state, user_ttl)
redis.call('ZREMRANGEBYSCORE', index, '-inf', '(' .. milliseconds())
touch(meta, events, index, ARGV[3], ttl)
return {1, redis.call('HGETALL', user_state)}
