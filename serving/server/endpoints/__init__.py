"""The gRPC and the REST port, with the demo page, health and TLS."""
