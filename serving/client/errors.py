"""What can go wrong with a call, by what the caller can do about it."""

from __future__ import annotations

import grpc


class TaggerError(RuntimeError):
    """Any failure of a call; the text says what to do."""


class ServerUnreachable(TaggerError):
    """Nothing answers at the address, after all retries."""


class ModelNotFound(TaggerError):
    """The server does not serve that model, or not that version."""


class SignatureMissing(TaggerError):
    """The model was exported without the signature that the call needs."""


class DeadlineExceeded(TaggerError):
    """No answer in time."""


class Overloaded(TaggerError):
    """The server refuses more work for now."""


class RequestRefused(TaggerError):
    """Any other refusal; the text carries the server's code and words."""


class UnexpectedAnswer(TaggerError):
    """The model answered something that is no tagger's answer."""


def told(error: grpc.RpcError, *, target: str, model: str, signature: str, timeout: float) -> TaggerError:
    """The typed error for a failed call."""
    code, text = error.code(), error.details()
    if code is grpc.StatusCode.UNAVAILABLE:
        return ServerUnreachable(
            f"no server answers at {target} ({text}); start one there, or give the address of one that runs"
        )
    if code is grpc.StatusCode.NOT_FOUND:
        return ModelNotFound(
            f"the server at {target} does not serve what was asked for ({text}); model {model!r} was asked "
            "for: compare with the server's --model_name and the versions that status() lists"
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
    if code is grpc.StatusCode.RESOURCE_EXHAUSTED:
        return Overloaded(
            f"the server at {target} cannot take the request ({text}); send fewer at once or smaller ones"
        )
    return RequestRefused(f"the server at {target} refused the request: {code.name}: {text}")
