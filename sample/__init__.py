"""The shipped corpus and the grammar that it is generated from."""
