-- Begin a turn: take the session's lease, slide the TTL, and read the events the replica lacks.
-- KEYS: meta events index user_state lease
-- ARGV: ttl member nonce known last fence owner lease_ms
-- Returns {0} gone, {1, ms} another turn holds the lease for so long, or {2, ...} as `read` does.
-- A repetition by the same owner does the same.
local meta, events, index, user_state, lease = unpack(KEYS)
local fields, revision = alive(meta, events)
if not fields then
  return {0}
end
local holder = redis.call('GET', lease)
if holder and holder ~= ARGV[7] then
  return {1, redis.call('PTTL', lease)}
end
redis.call('SET', lease, ARGV[7], 'PX', ARGV[8])
redis.call('HSET', meta, 'o', ARGV[7])
touch(meta, events, index, ARGV[2], tonumber(ARGV[1]))
local known, suffix = missing(meta, events, revision, ARGV[3], ARGV[4], ARGV[5], ARGV[6])
return {2, fields, known, suffix, redis.call('HGETALL', user_state)}
