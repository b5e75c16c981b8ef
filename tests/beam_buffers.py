"""How much Beam's runner in this process holds between two stages."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from apache_beam.runners.portability.fn_api_runner.execution import BundleContextManager


def spied(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Bytes by the buffer's name, counted from now on; all that was ever put there, so at least what was held."""
    held: Counter[str] = Counter()
    given = BundleContextManager.get_buffer

    def get_buffer(self: Any, buffer_id: bytes, transform_id: str) -> Any:
        buffer = given(self, buffer_id, transform_id)
        if not hasattr(buffer, "spied"):
            append = buffer.append

            def counted(element: bytes) -> None:
                held[f"{buffer_id!r} of {transform_id}"] += len(element)
                append(element)

            buffer.spied, buffer.append = True, counted
        return buffer

    monkeypatch.setattr(BundleContextManager, "get_buffer", get_buffer)
    return held
