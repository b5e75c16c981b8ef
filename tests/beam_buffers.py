"""How much Beam's runner in this process holds between two stages."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from apache_beam.runners.portability.fn_api_runner.execution import BundleContextManager


def count_buffered(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count from now on the bytes that are put into each buffer, by its name: an upper bound of what it holds."""
    held: Counter[str] = Counter()
    original = BundleContextManager.get_buffer

    def get_buffer(self: Any, buffer_id: bytes, transform_id: str) -> Any:
        buffer = original(self, buffer_id, transform_id)
        if not hasattr(buffer, "is_counted"):
            append = buffer.append

            def counted(element: bytes) -> None:
                held[f"{buffer_id!r} of {transform_id}"] += len(element)
                append(element)

            buffer.is_counted, buffer.append = True, counted
        return buffer

    monkeypatch.setattr(BundleContextManager, "get_buffer", get_buffer)
    return held
