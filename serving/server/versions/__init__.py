"""Which versions of which models are loaded: found on disk, warmed up, served, unloaded."""
