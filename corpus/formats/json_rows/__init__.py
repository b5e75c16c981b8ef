"""The forms in which annotation tools write an example as JSON: a file each, and a table of them."""
