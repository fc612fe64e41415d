-- Renew a lease (ms > 0) or give it back (ms = 0), if the owner still holds it.
-- KEYS: lease    ARGV: owner ms    Returns 1 if the owner held it.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
if tonumber(ARGV[2]) > 0 then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
else
  redis.call('DEL', KEYS[1])
end
return 1
