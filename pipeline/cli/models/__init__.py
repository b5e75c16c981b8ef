"""`tagline models`: which versions are served under which labels."""
