"""The model: its inputs, its encoder, its CRF, its training run and the signatures it is exported with."""
