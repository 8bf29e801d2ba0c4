"""Progress and messages on the engine's display."""

from __future__ import annotations

import time

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

    def reporter(self, urn: str, node: str) -> Report:
        """A report of a transaction's steps that shows on the resource.

        Each new step shows at once; sentences of the same step at most twice a second.
        """
        last, told = "", 0.0

        def report(step: str, sentence: str, /) -> None:
            nonlocal last, told
            now = time.monotonic()
            if step != last or now - told >= _STATUS_SECONDS:
                last, told = step, now
                self.status(urn, f"{node}: {step}: {sentence}")

        return report

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
