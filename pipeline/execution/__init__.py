"""Runs a compiled pipeline spec 2.1 on this machine, each step as the process that a cluster's container would be."""
