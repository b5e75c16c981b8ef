"""The model: encoder and CRF."""
