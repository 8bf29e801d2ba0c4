"""A stand-in for the engine: its log keeps what it is told; requests are made from inputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shimyard.provider.engine_log import EngineLog
from shimyard.provider.messages import CheckRequest, CheckResponse, DiffRequest
from shimyard.provider.resource import Resource
from shimyard.provider.values import Properties, decode, encode

URN = "urn:pulumi:dev::shimyard::shimyard-edge:node:ContainerRuntime::bench-1"


class KeptLog(EngineLog):
    """Keeps messages instead of sending them: (text, whether it is a passing status)."""

    def __init__(self) -> None:
        super().__init__("127.0.0.1:9")
        self.said: list[tuple[str, bool]] = []
        self.debugged: list[str] = []

    def status(self, _urn: str, text: str) -> None:
        self.said.append((text, True))

    def debug(self, _urn: str, text: str) -> None:
        self.debugged.append(text)

    def info(self, _urn: str, text: str) -> None:
        self.said.append((text, False))

    @property
    def kept(self) -> list[str]:
        """The messages that stay on the screen."""
        return [text for text, ephemeral in self.said if not ephemeral]


def node(**changes: Any) -> dict[str, Any]:
    """A machine's settings as inputs."""
    return {
        "name": "bench-1",
        "address": "192.0.2.10",
        "ssh": {"user": "admin", "identityFile": "key"},
        **changes,
    }


def runtime(**changes: Any) -> dict[str, Any]:
    """A container runtime out of Shimyard's own lock, as inputs."""
    return {"containerd": {"version": "2.2.1"}, "runc": {"version": "1.3.4"}, **changes}


def wired(properties: Properties) -> dict[str, Any]:
    """``properties`` after a way through the protocol."""
    return decode(encode(properties))


def check(
    resource: Resource, news: Properties, olds: Properties | None = None, urn: str = URN
) -> CheckResponse:
    """What the resource answers to a check."""
    return resource.check(CheckRequest(urn, wired(olds or {}), wired(news)))


def checked(resource: Resource, news: Properties, olds: Properties | None = None) -> dict[str, Any]:
    """The inputs that a check goes on with."""
    answer = check(resource, news, olds)
    assert answer.failures == ()
    return wired(answer.inputs)


def changes(
    resource: Resource, old: Properties, new: Properties, state: Mapping[str, Any] | None = None
) -> dict[str, str]:
    """Path -> kind of what a diff finds between checked inputs."""
    request = DiffRequest(URN, "bench-1/x", wired(old), wired(state or {}), wired(new))
    return dict(resource.diff(request).details)
