-- Write app state that a session changed, once for each of its revisions.
-- KEYS: app_state carried
-- ARGV: user_ttl ttl nonce:  revision  #pairs  pairs...
-- Any replica may finish a missing copy, even late or twice: later writes are not overwritten.
local mark, revision = redis.call('GET', KEYS[2]), tonumber(ARGV[4])
if mark and string.sub(mark, 1, #ARGV[3]) == ARGV[3]
    and tonumber(string.sub(mark, #ARGV[3] + 1)) >= revision then
  redis.call('SET', KEYS[2], mark, 'PX', ARGV[2])
  return 0
end
set_pairs(KEYS[1], '', 6, tonumber(ARGV[5]))
redis.call('PEXPIRE', KEYS[1], ARGV[1])
redis.call('SET', KEYS[2], ARGV[3] .. revision, 'PX', ARGV[2])
return 1
