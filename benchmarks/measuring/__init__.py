"""How benchmarks measure: calls in turn, commands, process trees; their command line, figures and results."""
