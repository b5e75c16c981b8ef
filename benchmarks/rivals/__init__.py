"""What the benchmarks compare Tagline with, each at the same problem."""
