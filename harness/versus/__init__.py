"""Two set-ups of the service, played in turns on this machine: pairs, their order, their end."""
