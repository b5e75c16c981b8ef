"""What only `AsyncTagger` can do. Run by `test_async_tagger.py` in a process of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from serving.client import AsyncTagger
from tests.serving.client.scripted_server import Gate, eventually, scripted, tagged


def test_an_async_source_and_many_tasks_on_one_tagger():
    async def source(start: int) -> AsyncIterator[str]:
        for number in range(start, start + 20):
            await asyncio.sleep(0)
            yield f"Anna saw {number}"

    async def main(target: str) -> list[list[str]]:
        async with AsyncTagger(target, batch_size=3) as tagger:

            async def texts(start: int) -> list[str]:
                return [sentence.text async for sentence in tagger.stream(source(start), in_flight=2)]

            async def tokens() -> list[str]:
                async def lists() -> AsyncIterator[list[str]]:
                    async for text in source(0):
                        yield text.split()

                return [sentence.text async for sentence in tagger.stream_tokens(lists())]

            return await asyncio.gather(texts(0), texts(100), tokens())

    with scripted(lambda request, _: tagged(request)) as target:
        first, second, third = asyncio.run(main(target))
    assert first == third == [f"Anna saw {number}" for number in range(20)]
    assert second == [f"Anna saw {number}" for number in range(100, 120)]


def test_cancelling_a_task_cancels_its_requests():
    gate = Gate()

    async def main(target: str) -> None:
        async with AsyncTagger(target) as tagger:
            task = asyncio.create_task(tagger.tag("Anna"))
            await asyncio.to_thread(eventually, lambda: gate.begun == 1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await asyncio.to_thread(eventually, lambda: gate.cancelled == 1)

    with scripted(gate) as target:
        asyncio.run(main(target))


def test_an_async_tagger_says_that_it_belongs_to_another_loop():
    with scripted(lambda request, _: tagged(request)) as target:
        tagger = AsyncTagger(target)
        assert asyncio.run(tagger.tag("Anna")).text == "Anna"
        with pytest.raises(RuntimeError, match="belongs to another event loop"):
            asyncio.run(tagger.tag("Anna"))
