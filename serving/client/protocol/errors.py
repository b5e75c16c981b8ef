"""Errors of a call, by what the caller can do about them."""

from __future__ import annotations

from typing import ClassVar

import grpc


class TaggerError(RuntimeError):
    """Any failure of a call; the text says what to do.

    `index` is set when several sentences were being tagged: the position of the failed request's first
    sentence, counted from 0. All sentences before it were answered, so this is where to resume.
    """

    may_pass: ClassVar[bool] = False
    """Whether the same call may succeed a moment later; such calls are retried automatically."""

    index: int | None = None

    def locate(self, first: int, last: int) -> None:
        """Add the range of the failed request's sentences to the text."""
        self.index = first
        where = f"sentence {first}" if first == last else f"sentences {first} to {last}"
        self.args = (f"{where}, counted from 0: {self}",)


class ServerUnreachable(TaggerError):
    """No server answers at the address, after all retries."""

    may_pass = True


class TLSFailed(ServerUnreachable):
    """A server answers, but the TLS handshake failed."""

    may_pass = False


class ModelNotFound(TaggerError):
    """The server does not serve this model, or not this version."""


class LabelNotFound(ModelNotFound):
    """No version of the model has this label."""


class SignatureMissing(TaggerError):
    """The model was exported without the signature that the call needs."""


class DeadlineExceeded(TaggerError):
    """No answer in time."""


class Overloaded(TaggerError):
    """The server accepts no more work for now, after all retries."""

    may_pass = True


class RequestRefused(TaggerError):
    """Any other refusal; the text has the server's status code and message."""


class RequestTooLarge(RequestRefused):
    """The server accepts no message of this size."""


class UnexpectedAnswer(TaggerError):
    """The answer is not that of a tagger."""


def error_of(error: grpc.RpcError, *, target: str, model: str, signature: str, timeout: float) -> TaggerError:
    """Make the `TaggerError` that describes a failed call.

    TensorFlow Serving returns UNAVAILABLE for a full queue and for labels that were never set, as gRPC does
    for a server that cannot be reached: only the message tells them apart.
    """
    code, text = error.code(), error.details() or ""
    if "Unrecognized servable version label" in text or "Model labels does not init yet" in text:
        return LabelNotFound(
            f"model {model!r} at {target} has no version with the requested label ({text}); "
            "set it in the server's model config, or request a version, or the newest"
        )
    if code is grpc.StatusCode.UNAVAILABLE and "queue" in text and "full" in text:
        return _overloaded(target, text)
    if code is grpc.StatusCode.UNAVAILABLE and ("handshake failed" in text or "Peer name" in text):
        return TLSFailed(
            f"{target} and this client cannot agree on TLS ({text}); compare `tls` with the server's "
            "ssl_config_file: its roots, and the name in the server's certificate (server_name)"
        )
    if code is grpc.StatusCode.UNAVAILABLE:
        return ServerUnreachable(
            f"no server answers at {target} ({text}); start one there, or give the address of one that runs "
            "(a server with TLS needs `tls`, one that verifies its clients a certificate in it)"
        )
    if code is grpc.StatusCode.NOT_FOUND:
        return ModelNotFound(
            f"the server at {target} does not serve the model or version ({text}); model {model!r} was "
            "requested: compare with the server's --model_name and the versions that status() lists"
        )
    if code is grpc.StatusCode.FAILED_PRECONDITION and "ignature" in text:
        return SignatureMissing(
            f"model {model!r} at {target} has no signature {signature!r} ({text}); export it with that "
            "signature, or use the method that fits the signatures it has"
        )
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return DeadlineExceeded(
            f"no answer from {target} within {timeout:g} s; give a longer timeout, or send fewer sentences "
            "in one request (batch_size)"
        )
    if code is grpc.StatusCode.RESOURCE_EXHAUSTED and "larger than max" in text:
        return RequestTooLarge(
            f"the server at {target} takes no message of this size ({text}); send fewer sentences in one "
            "request (batch_size) or shorter ones (max_characters, max_tokens)"
        )
    if code is grpc.StatusCode.RESOURCE_EXHAUSTED:
        return _overloaded(target, text)
    return RequestRefused(f"the server at {target} refused the request: {code.name}: {text}")


def _overloaded(target: str, text: str) -> Overloaded:
    return Overloaded(
        f"the server at {target} has more work than it takes on ({text}); send fewer requests at once "
        "(in_flight), wait longer (retries, timeout), or run more servers"
    )
