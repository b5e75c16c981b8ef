"""The implementations that benchmarks compare Tagline with, each on the same problems."""
