-- Append events to a session at an exact revision, with the state that they change: all or nothing.
-- KEYS: meta events index user_state lease
-- ARGV: ttl user_ttl member nonce revision updated owner fence next_fence
--       #events #session #user #app  events... pairs...
-- An empty owner appends without a lease.  Returns the new revision; 0 when the session is gone;
-- -1 when another writer appended or began a turn in between: a refusal is final, however late a
-- copy of this call arrives.  The fence detects a server that lost its last second and has the same
-- number of events again, but others.  A lease that only expired is no reason for a refusal.  A
-- repetition after the call was applied changes nothing and returns the same, even after further
-- appends: it finds its last event at the place where it would be put.
local meta, events, index, user_state, lease = unpack(KEYS)
local ttl, user_ttl, expected = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[5])
local owner, count = ARGV[7], tonumber(ARGV[10])
local applied = expected + count
local fields, revision = alive(meta, events)
if not fields or redis.call('HGET', meta, 'n') ~= ARGV[4] then
  return 0
end
if count > 0 and revision >= applied
    and redis.call('LINDEX', events, applied - 1) == ARGV[13 + count] then
  -- Write the same value again: WAIT counts only writes of its own connection, and a repeated call
  -- uses another connection.
  redis.call('HSET', meta, 'r', revision)
  return applied
end
if revision ~= expected or (redis.call('HGET', meta, 'f') or '') ~= ARGV[8] then
  return -1
end
if owner ~= '' and redis.call('HGET', meta, 'o') ~= owner then
  return -1
end
push(events, 14, count)
redis.call('HSET', meta, 'r', applied, 'u', ARGV[6], 'f', ARGV[9])
local at = set_pairs(meta, 's', 14 + count, tonumber(ARGV[11]))
at = set_pairs(user_state, '', at, tonumber(ARGV[12]))
set_pairs(meta, 'p', at, tonumber(ARGV[13]))
redis.call('PEXPIRE', user_state, user_ttl)
touch(meta, events, index, ARGV[3], ttl)
if owner ~= '' then
  redis.call('DEL', lease)
end
return applied
