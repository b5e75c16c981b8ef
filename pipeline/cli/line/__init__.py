"""The commands that run the pipeline and report on its runs."""
