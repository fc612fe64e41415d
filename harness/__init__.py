"""The command line and the run: wires the other rooms together and adds no judgement of its own."""
