"""A linear-chain conditional random field on emissions [B, T, K]; see `LinearChain`."""

from trainer.crf.arguments.masks import Masks, masks_of
from trainer.crf.linear_chain import KBest, LinearChain

__all__ = ["KBest", "LinearChain", "Masks", "masks_of"]
