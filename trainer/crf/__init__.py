"""A linear-chain conditional random field on emissions [B, T, K]; see `LinearChain`."""

from trainer.crf.linear_chain import KBest, LinearChain
from trainer.crf.masks import Masks, masks_of

__all__ = ["KBest", "LinearChain", "Masks", "masks_of"]
