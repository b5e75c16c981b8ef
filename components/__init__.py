"""Tagline's own TFX components, and the resolvers, metrics and scores that they use."""
