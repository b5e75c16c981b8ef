"""One file for each command: what `pipeline.cli.app` imports when it is asked for."""
