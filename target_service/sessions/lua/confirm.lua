-- Give a lease back and write something, so that WAIT or WAITAOF on this connection covers all
-- events that the caller has read.
-- KEYS: meta events lease
-- ARGV: owner nonce known last fence
-- Returns 1 when the session still holds the events the caller knows; after a failover it may not.
local meta, events, lease = unpack(KEYS)
local fields, revision = alive(meta, events)
if not fields
    or agreed(meta, events, revision, ARGV[2], ARGV[3], ARGV[4], ARGV[5]) == 0 then
  return 0
end
if redis.call('GET', lease) == ARGV[1] then
  redis.call('DEL', lease)
end
redis.call('HSET', meta, 'r', revision)
return 1
