"""What callers hand to the CRF, checked once: the scores of a batch of chains, masks, gold tags."""
