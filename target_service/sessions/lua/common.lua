-- Shared code, put before every script when it is loaded.
--
-- A session is two keys in one slot: a hash (n: nonce of this creation, r: number of events, f: the
-- fence, which every append changes, u: last update, o: owner of the turn begun last, s<key>: the
-- session's state, p<key>: app state on its way to the app's own slot) and a list of its events,
-- append-only.

local function milliseconds()
  local now = redis.call('TIME')
  return now[1] * 1000 + math.floor(now[2] / 1000)
end

-- The hash as a flat list, or nil.  A session with one of its keys evicted counts as gone, because
-- a partial history would look complete.
local function alive(meta, events)
  local fields = redis.call('HGETALL', meta)
  if #fields == 0 then
    redis.call('DEL', events)
    return nil
  end
  local revision = tonumber(redis.call('HGET', meta, 'r'))
  if redis.call('LLEN', events) ~= revision then
    redis.call('DEL', meta, events)
    return nil
  end
  return fields, revision
end

-- The number of events the caller knows, if they are a prefix of this session; else 0.  The nonce
-- detects a re-created session; the last known event (its SHA-1), and at the same length the fence,
-- detect a server that lost its last second and went on from there.
local function agreed(meta, events, revision, nonce, known, last, fence)
  known = tonumber(known)
  if known > 0 and known <= revision and redis.call('HGET', meta, 'n') == nonce
      and (known < revision or (redis.call('HGET', meta, 'f') or '') == fence)
      and redis.sha1hex(redis.call('LINDEX', events, known - 1)) == last then
    return known
  end
  return 0
end

-- The events that the caller lacks, after the prefix that it knows.
local function missing(meta, events, revision, nonce, known, last, fence)
  known = agreed(meta, events, revision, nonce, known, last, fence)
  if known == revision then
    return known, {}
  end
  return known, redis.call('LRANGE', events, known, -1)
end

-- Slide the TTL of the session and of the index that finds it.
local function touch(meta, events, index, member, ttl)
  redis.call('PEXPIRE', meta, ttl)
  redis.call('PEXPIRE', events, ttl)
  redis.call('ZADD', index, milliseconds() + ttl, member)
  redis.call('PEXPIRE', index, ttl)
end

-- Append `count` events from ARGV[first] on, 1,000 at a time, because Lua limits `unpack`.
local function push(events, first, count)
  for from = first, first + count - 1, 1000 do
    redis.call('RPUSH', events, unpack(ARGV, from, math.min(from + 999, first + count - 1)))
  end
end

-- Write `count` pairs from ARGV[first] on into a hash, the field names under a prefix.
local function set_pairs(key, prefix, first, count)
  for i = first, first + 2 * count - 1, 2 do
    redis.call('HSET', key, prefix .. ARGV[i], ARGV[i + 1])
  end
  return first + 2 * count
end
