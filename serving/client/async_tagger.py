"""`AsyncTagger`: `Tagger` for asyncio."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, Iterable, Iterator
from typing import Any, overload

import grpc
import grpc.aio

from serving.client.answers import TaggedSentence
from serving.client.base_tagger import BaseTagger, check_stream, is_one_sentence
from serving.client.batches import Batch, Batcher, SentenceJoiner, errors_about
from serving.client.inputs import InputKind
from serving.client.protocol.channel import Calls, open_calls
from serving.client.protocol.requests import VersionStatus, read_status, status_request


class AsyncTagger(BaseTagger):
    """A connection to a served model, for any number of tasks of one event loop: that of its first call.

    Arguments, results and errors of each method are those of `Tagger`. gRPC's asyncio works well with one
    running loop in a process; with several, its log fills with errors and calls may stall: use `Tagger`
    there.
    """

    _loop: asyncio.AbstractEventLoop | None = None
    _opened: Calls | None = None

    @overload
    async def tag(self, text: str) -> TaggedSentence: ...

    @overload
    async def tag(self, text: list[str] | tuple[str, ...] | Iterator[str]) -> list[TaggedSentence]: ...

    async def tag(self, text: str | Iterable[str]) -> TaggedSentence | list[TaggedSentence]:
        """Tag a text, or several."""
        if isinstance(text, str):
            return await self._one(self._text_input, text)
        return [tagged async for tagged in self.stream(text, in_flight=1)]

    @overload
    async def tag_tokens(self, sentences: list[str] | tuple[str, ...]) -> TaggedSentence: ...

    @overload
    async def tag_tokens(
        self, sentences: Iterable[list[str]] | Iterable[tuple[str, ...]]
    ) -> list[TaggedSentence]: ...

    async def tag_tokens(self, sentences: Any) -> TaggedSentence | list[TaggedSentence]:
        """Tag a sentence given as tokens, or several."""
        if is_one_sentence(sentences):
            return await self._one(self._token_input, sentences)
        return [tagged async for tagged in self.stream_tokens(sentences, in_flight=1)]

    def stream(
        self, texts: Iterable[str] | AsyncIterable[str], *, in_flight: int = 8
    ) -> AsyncGenerator[TaggedSentence, None]:
        """Tag texts as they come, from an iterable of either kind; a plain one is read in the event loop.

        Leaving an `async for` early does not close its generator at once: `contextlib.aclosing` does, and
        cancels the pending requests.
        """
        check_stream(texts, in_flight)
        return self._run(self._text_input, texts, in_flight)

    def stream_tokens(
        self,
        sentences: Iterable[list[str]]
        | Iterable[tuple[str, ...]]
        | AsyncIterable[list[str]]
        | AsyncIterable[tuple[str, ...]],
        *,
        in_flight: int = 8,
    ) -> AsyncGenerator[TaggedSentence, None]:
        """Like `stream`, for sentences that are lists of tokens."""
        check_stream(sentences, in_flight)
        return self._run(self._token_input, sentences, in_flight)

    async def status(self) -> list[VersionStatus]:
        """Request the versions of the model that the server knows, the newest first."""
        return read_status(await self._answer(self._calls().status, status_request(self._selector), ""))

    async def close(self) -> None:
        """Close the connection; later calls fail."""
        await self._calls().channel.close()

    async def __aenter__(self) -> AsyncTagger:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def _calls(self) -> Calls:
        # A channel belongs to the loop it was opened in, so it is opened by the first call.
        loop = asyncio.get_running_loop()
        if self._opened is None:
            self._loop, self._opened = loop, open_calls(grpc.aio, self._channel_settings)
        if self._loop is not loop:
            raise RuntimeError(
                "this AsyncTagger belongs to another event loop, that of its first call; make one for each "
                "loop (each asyncio.run), or use Tagger"
            )
        return self._opened

    async def _one(self, kind: InputKind, sentence: Any) -> TaggedSentence:
        (tagged,) = [tagged async for tagged in self._run(kind, [sentence], 1, several=False)]
        return tagged

    async def _run(
        self,
        kind: InputKind,
        sentences: Iterable[Any] | AsyncIterable[Any],
        in_flight: int,
        *,
        several: bool = True,
    ) -> AsyncGenerator[TaggedSentence, None]:
        joiner = SentenceJoiner(kind)
        requests: deque[tuple[Batch, asyncio.Task[Any]]] = deque()

        async def first() -> list[TaggedSentence]:
            batch, request = requests[0]
            with errors_about(batch, several=several):
                tagged = list(joiner.add(batch, await request))
            requests.popleft()
            return tagged

        try:
            batcher = Batcher(kind, rows=self._batch_size)
            async with contextlib.aclosing(_batches(batcher, sentences)) as batches:
                async for batch in batches:
                    requests.append((batch, asyncio.create_task(self._ask(kind, batch))))
                    if len(requests) == in_flight:
                        for tagged in await first():
                            yield tagged
            while requests:
                for tagged in await first():
                    yield tagged
        finally:
            tasks = [request for _, request in requests]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _ask(self, kind: InputKind, batch: Batch) -> Any:
        if batch.failure:
            raise batch.failure
        return await self._answer(
            self._calls().predict, kind.request(self._selector, batch.pieces), kind.signature
        )

    async def _answer(self, method: Any, request: Any, signature: str) -> Any:
        attempts = self._attempts()
        while True:
            try:
                return await method(request, timeout=attempts.seconds_left())
            except grpc.RpcError as error:
                failure = self._error_of(error, signature)
                failure.__cause__ = error
            await asyncio.sleep(attempts.pause_after(failure))


async def _batches(
    batcher: Batcher, sentences: Iterable[Any] | AsyncIterable[Any]
) -> AsyncGenerator[Batch, None]:
    try:
        if isinstance(sentences, AsyncIterable):
            async for sentence in sentences:
                for batch in batcher.add(sentence):
                    yield batch
        else:
            for sentence in sentences:
                for batch in batcher.add(sentence):
                    yield batch
        for batch in batcher.rest():
            yield batch
    except Exception as error:
        # Queued like a batch, so that the sentences before it are answered first.
        for batch in batcher.failed(error):
            yield batch
