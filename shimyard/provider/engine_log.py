"""Progress and messages on the engine's display."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import grpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

from shimyard.node.progress import Report

# The display shows the last line only, and a log file keeps every one.
_STATUS_SECONDS = 0.5


class EngineLog:
    """The engine's log; a message with a URN stands beside that resource."""

    def __init__(self, address: str) -> None:
        self._stub = engine_pb2_grpc.EngineStub(grpc.insecure_channel(address))

    def status(self, urn: str, text: str) -> None:
        """Show ``text`` as the resource's status until the next one."""
        self._log(engine_pb2.INFO, urn, text, ephemeral=True)

    def info(self, urn: str, text: str) -> None:
        """Keep ``text`` among the resource's diagnostics."""
        self._log(engine_pb2.INFO, urn, text, ephemeral=False)

    def debug(self, urn: str, text: str) -> None:
        """Keep ``text`` if the engine runs with --debug, else drop it."""
        self._log(engine_pb2.DEBUG, urn, text, ephemeral=False)

    @contextmanager
    def progress(self, urn: str, node: str) -> Iterator[Report]:
        """A report of a transaction's steps that shows on the resource, until the block ends.

        Each new step shows at once, and each sentence with another verb; sentences of the same
        kind, which name one file after the other, at most twice a second, and the last always.
        """
        shown = _Progress(self, urn, node)
        try:
            yield shown
        finally:
            shown.end()

    def _log(
        self, severity: engine_pb2.LogSeverity.ValueType, urn: str, text: str, *, ephemeral: bool
    ) -> None:
        request = engine_pb2.LogRequest(
            severity=severity, urn=urn, message=text, ephemeral=ephemeral
        )
        try:
            self._stub.Log(request, timeout=10)
        except grpc.RpcError:
            # A display that has gone away must not stop a transaction.
            return


class _Progress:
    def __init__(self, log: EngineLog, urn: str, node: str) -> None:
        self._log = log
        self._urn = urn
        self._node = node
        self._guard = threading.Lock()
        self._kind: tuple[str, str] = ("", "")
        self._shown = 0.0
        self._waiting: str | None = None
        self._timer: threading.Timer | None = None

    def __call__(self, step: str, sentence: str, /) -> None:
        text = f"{self._node}: {step}: {sentence}"
        with self._guard:
            wait = self._shown + _STATUS_SECONDS - time.monotonic()
            kind = (step, sentence.partition(" ")[0])
            if kind != self._kind or wait <= 0:
                self._kind = kind
                self._show(text)
                return
            self._waiting = text
            if self._timer is None:
                # What follows a quick step may take long: nobody shall read of the quick one then.
                self._timer = threading.Timer(wait, self._catch_up)
                self._timer.daemon = True
                self._timer.start()

    def end(self) -> None:
        with self._guard:
            self._waiting = None
            if self._timer is not None:
                self._timer.cancel()

    def _catch_up(self) -> None:
        with self._guard:
            self._timer = None
            if self._waiting is not None:
                self._show(self._waiting)

    def _show(self, text: str) -> None:
        self._waiting = None
        self._shown = time.monotonic()
        self._log.status(self._urn, text)
