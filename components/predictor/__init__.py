"""What models answer on the test split, sentence by sentence: what gates and the report go by."""
