"""Scores of candidate and baseline, by slices, as TFMA metrics of the one code that scores."""
