"""Why a bulk run does not begin, or does not go on."""

from __future__ import annotations

import re

# What Beam's workers hand on is the text of a traceback; this is where ours stands in it.
_TOLD = re.compile(r"^(?:\w+\.)*BulkFailed: (.*)$", re.MULTILINE)
# Beam adds the step to a text, which is nobody's matter here.
_STEP = re.compile(r" \[while running '[^']*'\]")


class BulkRefused(ValueError):
    """It cannot be done as asked, and nothing was changed: bad input, or an output folder of another job."""


class BulkFailed(RuntimeError):
    """It broke on the way; what was finished stays, and the same call goes on from there."""

    @classmethod
    def within(cls, error: BaseException) -> BulkFailed | None:
        """The failure inside what Beam raised, whose workers hand on no more than text; None if it is another."""
        cause: BaseException | None = error
        while cause is not None:
            told = [str(cause)] if isinstance(cause, cls) else _TOLD.findall(str(cause))
            if told:
                return cls(_STEP.sub("", told[-1]))
            cause = cause.__cause__ or cause.__context__
        return None
