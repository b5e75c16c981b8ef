"""The server's ports: gRPC, REST, health, TLS."""
