"""What is measured once a second: Redis, the database, the replicas and the machine."""
