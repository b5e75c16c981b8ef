"""Report: a page about a run, and a page that compares two runs."""
