"""The far end of the line: an embedded server and the client that calls it."""
