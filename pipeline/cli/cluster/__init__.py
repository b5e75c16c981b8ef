"""`tagline compile`, `submit`, `execute` and `cluster`."""
