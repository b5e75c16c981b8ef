"""`Tagger`: tags sentences by requests to any TensorFlow Serving."""

from __future__ import annotations

import contextlib
import functools
import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from typing import Any, overload

import grpc

from serving.client.answers import TaggedSentence
from serving.client.base_tagger import BaseTagger, check_stream, is_one_sentence
from serving.client.batches import Batch, Batcher, SentenceJoiner, errors_about
from serving.client.inputs import InputKind
from serving.client.protocol.channel import Calls, open_calls
from serving.client.protocol.requests import VersionStatus, read_status, status_request


class Tagger(BaseTagger):
    """A connection to a served model. Safe to share between threads; nothing is sent until the first call."""

    @overload
    def tag(self, text: str) -> TaggedSentence: ...

    # An Iterable of str would be a str too.
    @overload
    def tag(self, text: list[str] | tuple[str, ...] | Iterator[str]) -> list[TaggedSentence]: ...

    def tag(self, text: str | Iterable[str]) -> TaggedSentence | list[TaggedSentence]:
        """Tag a text, or several, which the model splits into tokens.

        A `str` is one text; any other iterable is several texts, never the tokens of one.

        Raises:
          TaggerError: one of its subclasses; the text says what to do.
          TypeError: something in it is not a text.
        """
        if isinstance(text, str):
            return self._one(self._text_input, text)
        return list(self.stream(text, in_flight=1))

    @overload
    def tag_tokens(self, sentences: list[str] | tuple[str, ...]) -> TaggedSentence: ...

    @overload
    def tag_tokens(
        self, sentences: Iterable[list[str]] | Iterable[tuple[str, ...]]
    ) -> list[TaggedSentence]: ...

    def tag_tokens(self, sentences: Any) -> TaggedSentence | list[TaggedSentence]:
        """Tag a sentence given as tokens, or several; the text of an answer is the tokens joined by a blank.

        A list or tuple of `str` is one sentence; one of lists, or any iterator, is several. An empty list is
        no sentences, `[[]]` a sentence without tokens.

        Raises:
          TaggerError: one of its subclasses; the text says what to do.
          TypeError: something in it is not a list of tokens.
        """
        if is_one_sentence(sentences):
            return self._one(self._token_input, sentences)
        return list(self.stream_tokens(sentences, in_flight=1))

    def stream(self, texts: Iterable[str], *, in_flight: int = 8) -> Generator[TaggedSentence, None, None]:
        """Tag texts as they come, in their order, in bounded memory.

        The source is read at most `in_flight` requests of `batch_size` sentences ahead. A request is sent when
        it is full: for a source that waits for the answers, set both to 1. If the source raises, the answers to
        its sentences so far come first. Closing the generator cancels the pending requests.

        Args:
          texts: any iterable, read once.
          in_flight: most requests pending at a time.

        Raises:
          TaggerError: one of its subclasses, with the `index` of the first sentence not answered.
          TypeError: something in it is not a text; `texts` is a single one.
          ValueError: `in_flight` below 1.
        """
        check_stream(texts, in_flight)
        return self._run(self._text_input, texts, in_flight)

    def stream_tokens(
        self, sentences: Iterable[list[str]] | Iterable[tuple[str, ...]], *, in_flight: int = 8
    ) -> Generator[TaggedSentence, None, None]:
        """Like `stream`, for sentences that are lists of tokens."""
        check_stream(sentences, in_flight)
        return self._run(self._token_input, sentences, in_flight)

    def status(self) -> list[VersionStatus]:
        """Request the versions of the model that the server knows, the newest first, whatever `label` is.

        Raises:
          TaggerError: one of its subclasses; the text says what to do.
        """
        request = status_request(self._selector)
        return read_status(self._answer(_Request(self._calls.status, request), ""))

    def close(self) -> None:
        """Close the connection; later calls fail."""
        self._calls.channel.close()

    def __enter__(self) -> Tagger:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @functools.cached_property
    def _calls(self) -> Calls:
        return open_calls(grpc, self._channel_settings)

    def _one(self, kind: InputKind, sentence: Any) -> TaggedSentence:
        (tagged,) = self._run(kind, [sentence], 1, several=False)
        return tagged

    def _run(
        self, kind: InputKind, sentences: Iterable[Any], in_flight: int, *, several: bool = True
    ) -> Generator[TaggedSentence, None, None]:
        joiner = SentenceJoiner(kind)
        requests: deque[tuple[Batch, _Request]] = deque()

        def first() -> list[TaggedSentence]:
            batch, request = requests[0]
            if batch.failure:
                raise batch.failure
            with errors_about(batch, several=several):
                tagged = list(joiner.add(batch, self._answer(request, kind.signature)))
            requests.popleft()
            return tagged

        try:
            with contextlib.closing(_batches(Batcher(kind, rows=self._batch_size), sentences)) as batches:
                for batch in batches:
                    message = kind.request(self._selector, batch.pieces)
                    request = _Request(self._calls.predict, message)
                    requests.append((batch, request))
                    # One at a time needs no future, which would cost a switch to another thread.
                    if in_flight > 1 and not batch.failure:
                        request.send(self._timeout)
                    if len(requests) == in_flight:
                        yield from first()
            while requests:
                yield from first()
        finally:
            for _, request in requests:
                request.cancel()

    def _answer(self, request: _Request, signature: str) -> Any:
        attempts = self._attempts()
        while True:
            try:
                return request.answer(attempts.seconds_left())
            except grpc.RpcError as error:
                failure = self._error_of(error, signature)
                failure.__cause__ = error
            time.sleep(attempts.pause_after(failure))


class _Request:
    """A request that is pending, or is sent when its answer is asked for."""

    def __init__(self, method: Any, message: Any) -> None:
        self._method = method
        self._message = message
        self._pending: Any = None

    def send(self, timeout: float) -> None:
        self._pending = self._method.future(self._message, timeout=timeout)

    def answer(self, timeout: float) -> Any:
        """Wait for the answer; after a failure the next call sends the request again."""
        if self._pending is None:
            return self._method(self._message, timeout=timeout)
        try:
            return self._pending.result()
        except grpc.RpcError:
            self._pending = None
            raise

    def cancel(self) -> None:
        if self._pending is not None:
            self._pending.cancel()


def _batches(batcher: Batcher, sentences: Iterable[Any]) -> Generator[Batch, None, None]:
    try:
        for sentence in sentences:
            yield from batcher.add(sentence)
        yield from batcher.rest()
    except Exception as error:
        # Queued like a batch, so that the sentences before it are answered first.
        yield from batcher.failed(error)
