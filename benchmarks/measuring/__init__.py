"""How benchmarks measure: calls in turn, commands, processes with their children; figures and results."""
