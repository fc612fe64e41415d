-- A session without its events; the TTL stays as it is.
-- KEYS: meta events    Returns its fields, or {} when it is gone.
return alive(KEYS[1], KEYS[2]) or {}
