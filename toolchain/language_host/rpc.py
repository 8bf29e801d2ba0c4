"""Types for the few parts of grpc and protobuf that the host uses and that come without any."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NoReturn, Protocol, cast

import grpc
from google.protobuf import empty_pb2, json_format
from google.protobuf.message import Message

# The engine sends whole states; its own limit is the same.
_MAX_MESSAGE_BYTES = 400 * 1024 * 1024


class Call(Protocol):
    """One call under way (``grpc.ServicerContext``)."""

    def abort(self, code: grpc.StatusCode, details: str) -> NoReturn:
        """End the call with an error; raises."""

    def add_callback(self, callback: Callable[[], None]) -> bool:
        """Run ``callback`` when the call has ended or the engine hung up."""


def refuse(call: Call, sentence: str) -> NoReturn:
    """End ``call`` because something that the user can mend is not in order."""
    call.abort(grpc.StatusCode.FAILED_PRECONDITION, sentence)


def as_dict(struct: Message) -> dict[str, Any]:
    """A protobuf Struct as a plain dictionary."""
    converted: dict[str, Any] = cast(Any, json_format).MessageToDict(struct)
    return converted


def empty() -> empty_pb2.Empty:
    """The answer that says nothing."""
    return empty_pb2.Empty()


def new_server(threads: int) -> Any:
    """A ``grpc.Server`` for messages as large as the engine's."""
    limits = [
        ("grpc.max_receive_message_length", _MAX_MESSAGE_BYTES),
        ("grpc.max_send_message_length", _MAX_MESSAGE_BYTES),
    ]
    return cast(Any, grpc).server(ThreadPoolExecutor(max_workers=threads), options=limits)
