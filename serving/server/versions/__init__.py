"""The versions of each model: found on disk, loaded, served by number or label, unloaded."""
