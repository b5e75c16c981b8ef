"""A linear-chain CRF with hand-made features, trained on the same corpus, as a baseline."""
