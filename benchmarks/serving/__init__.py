"""The cost of serving over that of the graph itself."""
