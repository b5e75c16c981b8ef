"""The `tagline` command line: `app.py` registers the commands, each of which has a file of its own."""
