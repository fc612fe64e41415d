"""The load before it is played: who comes when, and what each will say, from a seed."""
