-- Read a session; the TTL stays as it is.
-- KEYS: meta events user_state
-- ARGV: nonce known last fence
-- Returns {fields, known, missing events, user state}, or {} when it is gone.
local meta, events, user_state = unpack(KEYS)
local fields, revision = alive(meta, events)
if not fields then
  return {}
end
local known, suffix = missing(meta, events, revision, ARGV[1], ARGV[2], ARGV[3], ARGV[4])
return {fields, known, suffix, redis.call('HGETALL', user_state)}
