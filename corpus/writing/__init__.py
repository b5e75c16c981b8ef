"""From sentences to files: the forms that a corpus can be converted to, and a table of them."""
