"""Features of tokens, and the vocabularies of words and tags."""
