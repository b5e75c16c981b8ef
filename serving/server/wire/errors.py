"""The one error that the server raises for a request or a load, and its canonical code."""

from __future__ import annotations

from enum import IntEnum

# TensorFlow Serving cuts longer messages: they travel in an HTTP/2 header.
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
    """A request or a load that fails with a canonical code and a message.

    The codes are TensorFlow Serving's, and so are the messages that clients and scripts match on.
    """

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def invalid(message: str) -> ServingError:
    """Make the error for a request that is itself wrong: INVALID_ARGUMENT."""
    return ServingError(Code.INVALID_ARGUMENT, message)


def shortened(message: str) -> str:
    """Cut `message` to 1024 bytes and a mark, as TensorFlow Serving does (grpc_status_util.cc, `ToGRPCStatus`)."""
    encoded = message.encode()
    if len(encoded) <= LONGEST_MESSAGE:
        return message
    return encoded[:LONGEST_MESSAGE].decode(errors="ignore") + _CUT


def not_served(call: str) -> ServingError:
    """Make the error for a call of TensorFlow Serving that this server does not answer: UNIMPLEMENTED."""
    return ServingError(
        Code.UNIMPLEMENTED,
        f"{call} is not served here: a tagger answers Predict; "
        f"use TensorFlow Serving for a model that needs {call}",
    )
