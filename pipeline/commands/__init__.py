"""One file for each command: what `pipeline.cli` imports when it is asked for."""
