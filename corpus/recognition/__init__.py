"""What the corpus as a whole shows about how its tags and texts are to be read."""
