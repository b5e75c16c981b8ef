"""Runs: followed as they go, summed up when they end, found again later."""
