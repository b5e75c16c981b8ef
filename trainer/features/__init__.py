"""From a token's text to what the encoder reads, and the vocabularies of words and tags."""
