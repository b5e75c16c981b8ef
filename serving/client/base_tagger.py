"""The base of `Tagger` and `AsyncTagger`: everything but how a call is made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import grpc

from serving.client.inputs import TextInput, TokenInput
from serving.client.protocol.channel import TLS, channel_settings
from serving.client.protocol.errors import TaggerError, error_of
from serving.client.protocol.requests import ModelSelector
from serving.client.retries import Attempts

# The default length at which sentences are cut.
MAX_CHARACTERS = 10_000
MAX_TOKENS = 2_000


class BaseTagger:
    """A server, a model and the options of requests to it. Nothing is sent until the first call."""

    def __init__(
        self,
        target: str,
        model: str = "tagger",
        *,
        version: int | None = None,
        label: str | None = None,
        timeout: float = 10.0,
        tls: TLS | bool = False,
        batch_size: int = 32,
        retries: int = 4,
        max_characters: int | None = MAX_CHARACTERS,
        max_tokens: int | None = MAX_TOKENS,
    ) -> None:
        """Choose the server and the model.

        Args:
          target: `host:port` of the gRPC port.
          model: the server's name for the model.
          version: the version to use.
          label: use the version that has this label, such as `stable`; with neither, the newest version.
          timeout: seconds to wait for the answer to one request, its retries included.
          tls: False for plain text, True to trust the system's roots, or a `TLS`.
          batch_size: most sentences in one request; more are sent as several.
          retries: further tries, with growing pauses, when the server cannot be reached or is overloaded.
          max_characters: longer texts are cut at ends of sentences, sent in pieces and joined again; None
            never cuts.
          max_tokens: the same for sentences given as tokens.

        Raises:
          ValueError: a number out of range, both version and label, a TLS file that cannot be read.
        """
        if not timeout > 0:
            raise ValueError(f"timeout: expected seconds above 0, found {timeout}")
        if retries < 0:
            raise ValueError(f"retries: expected at least 0, found {retries}")
        for name, count in (
            ("batch_size", batch_size),
            ("max_characters", max_characters),
            ("max_tokens", max_tokens),
        ):
            if count is not None and count < 1:
                raise ValueError(f"{name}: expected at least 1, found {count}")
        self.target = target
        self.model = model
        self.version = version
        self.label = label
        self._selector = ModelSelector(model, version, label)
        self._channel_settings = channel_settings(target, tls)
        self._timeout = timeout
        self._retries = retries
        self._batch_size = batch_size
        self._text_input = TextInput(max_characters)
        self._token_input = TokenInput(max_tokens)

    def _attempts(self) -> Attempts:
        return Attempts(timeout=self._timeout, retries=self._retries)

    def _error_of(self, error: grpc.RpcError, signature: str) -> TaggerError:
        return error_of(
            error, target=self.target, model=self.model, signature=signature, timeout=self._timeout
        )


def check_stream(sentences: Any, in_flight: int) -> None:
    """Raise at the call what would otherwise fail at the first answer, or be read letter by letter."""
    if in_flight < 1:
        raise ValueError(f"in_flight: expected at least 1, found {in_flight}")
    if isinstance(sentences, str | bytes):
        raise TypeError(
            f"expected an iterable of sentences, found one {type(sentences).__name__}; "
            "one sentence goes to tag or tag_tokens"
        )


def is_one_sentence(sentences: Any) -> bool:
    """Whether these are the tokens of one sentence rather than several sentences.

    An empty list is no sentences; an iterator is several, since looking into it would consume it.
    """
    if isinstance(sentences, str | bytes):
        raise TypeError(f"expected tokens, found {type(sentences).__name__}; texts go to tag and stream")
    return isinstance(sentences, Sequence) and len(sentences) > 0 and isinstance(sentences[0], str)
