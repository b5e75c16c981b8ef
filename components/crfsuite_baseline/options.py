"""How the CRFsuite baseline is trained. Imports nothing heavy: the settings include it."""

from __future__ import annotations

from typing import Annotated

import msgspec

Strength = Annotated[float, msgspec.Meta(ge=0.0)]
Iterations = Annotated[int, msgspec.Meta(ge=1)]
Tokens = Annotated[int, msgspec.Meta(ge=1)]


class CrfsuiteOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """L-BFGS on the negative log-likelihood with an elastic net.

    Attributes:
        c1, c2: weights of the L1 and of the L2 penalty.
        max_iterations: of L-BFGS, which stops earlier when it has converged.
        max_tokens: nothing is trained on a larger train split, nor on plain tags; None trains on any.
    """

    c1: Strength = 0.1
    c2: Strength = 0.1
    max_iterations: Iterations = 100
    max_tokens: Tokens | None = None
