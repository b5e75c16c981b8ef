"""The training loop, and what it needs: steps, optimiser, checkpoints, the score on dev, seeds."""
