"""The pipeline: settings, stages, one factory, runners, records of runs, and the command line."""
