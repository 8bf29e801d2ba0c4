"""The resource Tokens: the secrets by which nodes join a cluster, made here and nowhere shown."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from typing import Any

from shimyard.provider.messages import (
    ApplyRequest,
    ApplyResponse,
    CheckRequest,
    CheckResponse,
    DeleteRequest,
    DiffRequest,
    DiffResponse,
    ReadRequest,
    ReadResponse,
)
from shimyard.provider.values import UNKNOWN, Secret, revealed, secrets_in

_BYTES = 32


class TokensResource:
    """Input: rotation, a number; another one makes a new agents' token. Outputs: server, agent."""

    def __init__(self, learn: Callable[[Iterable[str]], None]) -> None:
        self._learn = learn

    def check(self, request: CheckRequest) -> CheckResponse:
        """``rotation`` is a whole number."""
        rotation = revealed(request.news).get("rotation")
        if not isinstance(rotation, int) or isinstance(rotation, bool):
            return CheckResponse(request.news, (("rotation", "is no whole number; write 1"),))
        return CheckResponse(request.news)

    def diff(self, request: DiffRequest) -> DiffResponse:
        """A new token for a new number."""
        self._remember(request.state)
        old, new = revealed(request.old_inputs), revealed(request.news)
        changed = old.get("rotation") != new.get("rotation")
        return DiffResponse((("rotation", "update"),) if changed else ())

    def apply(self, request: ApplyRequest) -> ApplyResponse:
        """Make them. A rotation keeps the server's: K3s has encrypted its datastore with it.

        Source: https://docs.k3s.io/cli/token, "Server" and "k3s token rotate".
        """
        server = request.state.get("server")
        if request.preview:
            unknown = {"server": server or Secret(UNKNOWN), "agent": Secret(UNKNOWN)}
            return ApplyResponse(request.id, {**request.inputs, **unknown})
        made = {"server": server or _token(), "agent": _token()}
        self._remember(made)
        return ApplyResponse(request.id or "tokens", {**request.inputs, **made})

    def read(self, request: ReadRequest) -> ReadResponse:
        """They are nowhere else."""
        self._remember(request.state)
        return ReadResponse(request.id, request.inputs, request.state)

    def delete(self, _request: DeleteRequest) -> None:
        """Whatever they had opened is gone before."""

    def _remember(self, state: Any) -> None:
        self._learn(secrets_in(dict(state)))


def _token() -> Secret:
    return Secret(secrets.token_hex(_BYTES))
