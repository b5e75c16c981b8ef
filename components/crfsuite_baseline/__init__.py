"""A linear-chain CRF with hand-made features, trained on the same corpus: what a model must not fall below."""
