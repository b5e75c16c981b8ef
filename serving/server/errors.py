"""The one error that the server's rooms raise, and how it is told on the wire."""

from __future__ import annotations

from enum import IntEnum

# TensorFlow Serving cuts longer texts: they travel in an HTTP/2 header.
LONGEST_MESSAGE = 1024
_CUT = "...TRUNCATED"


class Code(IntEnum):
    """The canonical codes of gRPC, by the names that `grpc.StatusCode` has too."""

    OK = 0
    CANCELLED = 1
    UNKNOWN = 2
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    ABORTED = 10
    OUT_OF_RANGE = 11
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    DATA_LOSS = 15
    UNAUTHENTICATED = 16


class ServingError(Exception):
    """A request, or a load, that is answered with a canonical code and a text.

    The texts of TensorFlow Serving's own conditions are kept letter for letter: clients match on them.
    """

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def invalid(message: str) -> ServingError:
    """The commonest answer: the request itself is wrong."""
    return ServingError(Code.INVALID_ARGUMENT, message)


def shortened(message: str) -> str:
    """`message`, cut to what TensorFlow Serving sends over gRPC (1024 bytes, then a mark)."""
    encoded = message.encode()
    if len(encoded) <= LONGEST_MESSAGE:
        return message
    return encoded[: LONGEST_MESSAGE - len(_CUT)].decode(errors="ignore") + _CUT
