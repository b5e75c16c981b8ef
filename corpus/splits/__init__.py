"""Which files and sentences are train, dev and test, and a fingerprint of them."""
