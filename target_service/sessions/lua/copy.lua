-- Write a copy of a session under another id.
-- KEYS: meta events index
-- ARGV: dump_of_meta dump_of_events expires nonce updated member
-- `expires` is in ms since the epoch.  A session that is there already is replaced.
local meta, events, index = unpack(KEYS)
redis.call('RESTORE', meta, ARGV[3], ARGV[1], 'ABSTTL', 'REPLACE')
redis.call('HSET', meta, 'n', ARGV[4], 'u', ARGV[5])
redis.call('RESTORE', events, ARGV[3], ARGV[2], 'ABSTTL', 'REPLACE')
redis.call('ZADD', index, ARGV[3], ARGV[6])
redis.call('PEXPIREAT', index, ARGV[3])
return 1
