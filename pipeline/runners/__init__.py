"""The places where a pipeline runs: this process, and the targets of `tagline compile`, a file for each."""
