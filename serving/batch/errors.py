"""Why a batch run is refused or fails."""

from __future__ import annotations

import re

# Beam's workers pass on the text of a traceback; this finds our message in it.
_MESSAGE = re.compile(r"^(?:\w+\.)*BatchFailed: (.*)$", re.MULTILINE)
# Beam appends the name of the step, which does not help the user.
_STEP = re.compile(r" \[while running '[^']*'\]")


class BatchRefused(ValueError):
    """The request cannot be carried out: the output folder belongs to something else. Nothing was changed."""


class BatchFailed(RuntimeError):
    """The run failed; finished parts stay, and the same call resumes after them."""

    @classmethod
    def within(cls, error: BaseException) -> BatchFailed | None:
        """Find the failure in the text of an error that Beam raised; None if it is another error."""
        cause: BaseException | None = error
        while cause is not None:
            messages = [str(cause)] if isinstance(cause, cls) else _MESSAGE.findall(str(cause))
            if messages:
                return cls(_STEP.sub("", messages[-1]))
            cause = cause.__cause__ or cause.__context__
        return None
