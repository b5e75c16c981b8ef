"""Forms that are no sequence of records: their files are rewritten as lines of JSON, then read as these."""
