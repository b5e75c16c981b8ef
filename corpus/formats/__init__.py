"""The file formats: one file each, and a table of them."""
