"""Beam's engines on this machine, with workers in processes of their own, and what they cost."""
