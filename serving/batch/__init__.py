"""Tagging in bulk: files in, a folder of parts out, by Apache Beam and without a server."""
