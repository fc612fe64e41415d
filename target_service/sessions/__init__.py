"""Sessions in Redis: `service` speaks ADK, `store` speaks Redis, `lua/` makes each write atomic."""
