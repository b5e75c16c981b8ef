"""Predict requests: checked, batched, run, counted; warm-up; the descriptions of the served models."""
