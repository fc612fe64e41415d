"""The arguments of every subcommand; the files import nothing slow, because `--help` loads all."""
