"""One file for each place where a pipeline can run."""
