-- Remove app state that has been copied to the app's slot, unless it has changed again since.
-- KEYS: meta
-- ARGV: nonce  #pairs  pairs...
if redis.call('HGET', KEYS[1], 'n') == ARGV[1] then
  for i = 3, 2 + 2 * tonumber(ARGV[2]), 2 do
    if redis.call('HGET', KEYS[1], 'p' .. ARGV[i]) == ARGV[i + 1] then
      redis.call('HDEL', KEYS[1], 'p' .. ARGV[i])
    end
  end
end
return 1
