"""`Tagger`: sentences in, tagged sentences out, by way of any TensorFlow Serving."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, overload

import grpc

from serving.client.answers import OUTPUTS, TEXT_OUTPUTS, TaggedSentence, read_answer
from serving.client.errors import told
from serving.client.messages import example_pb2, serving_pb2
from serving.client.tensors import fill_strings

_LARGEST_MESSAGE = 2**31 - 1
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 2.0
_OPTIONS = [
    ("grpc.max_send_message_length", _LARGEST_MESSAGE),
    ("grpc.max_receive_message_length", _LARGEST_MESSAGE),
    # The retries below are the only ones, and a channel that waits longer than they do would defeat them.
    ("grpc.enable_retries", 0),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
]


@dataclass(frozen=True, slots=True)
class VersionStatus:
    """A version of the model: its state (`AVAILABLE`, `LOADING`, ...) and, if its load failed, why."""

    version: int
    state: str
    error: str = ""


class Tagger:
    """A connection to a served model. Safe to share between threads; nothing is sent until the first call."""

    def __init__(
        self,
        target: str,
        model: str = "tagger",
        *,
        version: int | None = None,
        timeout: float = 10.0,
        retries: int = 4,
        batch_size: int = 32,
    ) -> None:
        """Names the server and the model.

        Args:
          target: `host:port` of the gRPC port.
          model: the server's name for it.
          version: the version to ask; None is the newest.
          timeout: seconds that one request may take, its retries included.
          retries: further tries when the server cannot be reached, with growing pauses.
          batch_size: most sentences in one request; longer lists are sent as several.

        Raises:
          ValueError: a number that makes no sense.
        """
        if not timeout > 0:
            raise ValueError(f"timeout: expected seconds above 0, found {timeout}")
        if retries < 0:
            raise ValueError(f"retries: expected at least 0, found {retries}")
        if batch_size < 1:
            raise ValueError(f"batch_size: expected at least 1, found {batch_size}")
        self.target = target
        self.model = model
        self.version = version
        self._timeout = timeout
        self._retries = retries
        self._batch_size = batch_size
        self._channel = grpc.insecure_channel(target, _OPTIONS)
        self._predict = self._channel.unary_unary(
            "/tensorflow.serving.PredictionService/Predict",
            request_serializer=serving_pb2.PredictRequest.SerializeToString,
            response_deserializer=serving_pb2.PredictResponse.FromString,
        )
        self._get_status = self._channel.unary_unary(
            "/tensorflow.serving.ModelService/GetModelStatus",
            request_serializer=serving_pb2.GetModelStatusRequest.SerializeToString,
            response_deserializer=serving_pb2.GetModelStatusResponse.FromString,
        )

    @overload
    def tag(self, text: str) -> TaggedSentence: ...

    # Not a Sequence: a str is one too.
    @overload
    def tag(self, text: list[str] | tuple[str, ...]) -> list[TaggedSentence]: ...

    def tag(self, text: str | list[str] | tuple[str, ...]) -> TaggedSentence | list[TaggedSentence]:
        """Tags a sentence, or several, given as text; the model splits them into tokens.

        Raises:
          TaggerError: one of its kinds; the text says what to do.
        """
        if isinstance(text, str):
            return self._tag_texts([text])[0]
        sentences: list[TaggedSentence] = []
        for start in range(0, len(text), self._batch_size):
            sentences += self._tag_texts(text[start : start + self._batch_size])
        return sentences

    def tag_tokens(self, sentences: Sequence[Sequence[str]]) -> list[TaggedSentence]:
        """Tags sentences given as tokens; the text of an answer is the tokens joined by a blank.

        Raises:
          TaggerError: one of its kinds; the text says what to do.
        """
        tagged: list[TaggedSentence] = []
        for start in range(0, len(sentences), self._batch_size):
            rows = sentences[start : start + self._batch_size]
            # As tf.Examples, not as a padded grid: a server that batches requests pads a grid with its
            # first token, and an empty token would read as padding.
            request = self._request("decode", "examples", [_example(row) for row in rows], OUTPUTS)
            response = self._call(self._predict, request, "decode")
            tagged += read_answer(response, [" ".join(row) for row in rows], rows)
        return tagged

    def status(self) -> list[VersionStatus]:
        """The versions of the model that the server knows, the newest first.

        Raises:
          TaggerError: one of its kinds; the text says what to do.
        """
        request = serving_pb2.GetModelStatusRequest()
        request.model_spec.name = self.model
        if self.version is not None:
            request.model_spec.version.value = self.version
        response = self._call(self._get_status, request, "")
        state_name = serving_pb2.ModelVersionStatus.State.Name
        return [
            VersionStatus(entry.version, state_name(entry.state), entry.status.error_message)
            for entry in response.model_version_status
        ]

    def close(self) -> None:
        """Closes the connection; calls after it fail."""
        self._channel.close()

    def __enter__(self) -> Tagger:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _tag_texts(self, texts: Sequence[str]) -> list[TaggedSentence]:
        request = self._request("decode_text", "text", [_bytes(text) for text in texts], TEXT_OUTPUTS)
        return read_answer(self._call(self._predict, request, "decode_text"), texts)

    def _request(
        self, signature: str, alias: str, values: list[bytes], outputs: Sequence[str]
    ) -> serving_pb2.PredictRequest:
        request = serving_pb2.PredictRequest()
        request.model_spec.name = self.model
        request.model_spec.signature_name = signature
        if self.version is not None:
            request.model_spec.version.value = self.version
        fill_strings(request.inputs[alias], values)
        request.output_filter.extend(outputs)
        return request

    def _call(self, method: Callable[..., Any], request: Any, signature: str) -> Any:
        give_up = time.monotonic() + self._timeout
        pause = _FIRST_PAUSE
        for tries_left in range(self._retries, -1, -1):
            try:
                return method(request, timeout=max(0.001, give_up - time.monotonic()))
            except grpc.RpcError as error:
                # Jitter keeps many clients from coming back in one wave.
                wait = pause * random.uniform(0.5, 1.5)
                is_worth_it = (
                    error.code() is grpc.StatusCode.UNAVAILABLE
                    and tries_left
                    and time.monotonic() + wait < give_up
                )
                if not is_worth_it:
                    raise told(
                        error,
                        target=self.target,
                        model=self.model,
                        signature=signature,
                        timeout=self._timeout,
                    ) from error
            time.sleep(wait)
            pause = min(2 * pause, _LONGEST_PAUSE)
        raise AssertionError("unreachable: the last try returns or raises")


def _example(tokens: Sequence[str]) -> bytes:
    example = example_pb2.Example()
    example.features.feature["tokens"].bytes_list.value.extend(_bytes(token) for token in tokens)
    return example.SerializeToString()


def _bytes(text: str) -> bytes:
    # A lone surrogate has no UTF-8: one character for one keeps the offsets right.
    return text.encode("utf-8", "replace")
