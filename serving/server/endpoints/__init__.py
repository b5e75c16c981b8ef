"""The ports and what they answer: gRPC, REST, the demo page, health, TLS."""
