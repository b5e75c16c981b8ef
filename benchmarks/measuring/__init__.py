"""How benchmarks measure: calls in turn by CPU time, processes with their children, figures beside bounds."""
