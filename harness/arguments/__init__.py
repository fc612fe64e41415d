"""The arguments of every subcommand, in files whose import takes no time: `--help` reads all."""
