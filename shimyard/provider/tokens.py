"""The resource Tokens: the secrets by which nodes join a cluster, made here and nowhere shown.

Nothing but the state has them until a server takes them, which is after they are in the state.
"""

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
    """Input: generation, any word; another one makes other tokens. Outputs: server, agent."""

    def __init__(self, learn: Callable[[Iterable[str]], None]) -> None:
        self._learn = learn

    def check(self, request: CheckRequest) -> CheckResponse:
        """The stack's settings have looked at the word."""
        return CheckResponse(request.news)

    def diff(self, request: DiffRequest) -> DiffResponse:
        """They stay until there is another word; the word alone may be dropped."""
        self._remember(request.state)
        word = revealed(request.news).get("generation")
        if word is None or word == revealed(request.state).get("generation"):
            return DiffResponse()
        return DiffResponse((("generation", "update"),))

    def apply(self, request: ApplyRequest) -> ApplyResponse:
        """Make them."""
        if request.preview:
            unknown = {"server": Secret(UNKNOWN), "agent": Secret(UNKNOWN)}
            return ApplyResponse(request.id, {**request.inputs, **unknown})
        made = {name: Secret(secrets.token_hex(_BYTES)) for name in ("server", "agent")}
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
