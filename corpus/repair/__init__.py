"""Write a repaired copy of a corpus; whatever a person must decide stays as it is."""
