"""Mending a corpus without deciding anything that a person must decide."""
