"""The commands that use a pushed model: `serve`, `demo`, `decode`, `predict`."""
