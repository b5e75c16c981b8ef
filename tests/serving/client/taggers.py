"""The tagger under test: `Tagger`, or `AsyncTagger` with the same interface, so that each test is for both.

gRPC's asyncio serves one event loop in a process well, and the embedded server has one of its own. So the
tests of `AsyncTagger` are run by `test_async_tagger.py` in a process apart, which has this variable set.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Iterator
from typing import Any

from serving.client import AsyncTagger, Tagger

IN_ASYNCIO = "TAGLINE_TEST_ASYNC_TAGGER"

# Never closed: events may come late, and gRPC trips over loops that are.
_LOOP = asyncio.new_event_loop()


class TaggerOfALoop:
    """Each call runs the event loop until it is answered."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self._tagger = AsyncTagger(*arguments, **options)

    def tag(self, text: Any) -> Any:
        return _LOOP.run_until_complete(self._tagger.tag(text))

    def tag_tokens(self, sentences: Any) -> Any:
        return _LOOP.run_until_complete(self._tagger.tag_tokens(sentences))

    def status(self) -> Any:
        return _LOOP.run_until_complete(self._tagger.status())

    def stream(self, texts: Any, **options: Any) -> Iterator[Any]:
        return self._driven(self._tagger.stream(texts, **options))

    def stream_tokens(self, sentences: Any, **options: Any) -> Iterator[Any]:
        return self._driven(self._tagger.stream_tokens(sentences, **options))

    def _driven(self, stream: AsyncGenerator[Any, None]) -> Iterator[Any]:
        try:
            while True:
                try:
                    yield _LOOP.run_until_complete(stream.__anext__())
                except StopAsyncIteration:
                    return
        finally:
            _LOOP.run_until_complete(stream.aclose())

    def __enter__(self) -> TaggerOfALoop:
        return self

    def __exit__(self, *_: object) -> None:
        _LOOP.run_until_complete(self._tagger.close())


connect: Any = TaggerOfALoop if os.environ.get(IN_ASYNCIO) else Tagger
