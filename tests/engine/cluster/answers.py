"""What something in the cluster answers to who asks it from outside, by an address of a node."""

from __future__ import annotations

import http.client
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from lab.deadline import wait_for
from lab.nodes.node import Node


@dataclass(frozen=True)
class Answer:
    """Names of ``headers`` are in lower case."""

    status: int
    body: str
    headers: Mapping[str, str]


def ask(
    node: Node,
    path: str,
    *,
    port: int = 80,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    seconds: float = 5,
) -> Answer:
    """One answer over a connection of its own. Errors: ``OSError``, ``HTTPException``."""
    connection = http.client.HTTPConnection(str(node.address), port, timeout=seconds)
    with closing(connection):
        connection.request(method, path, body=body, headers=dict(headers or {}))
        response = connection.getresponse()
        named = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, response.read().decode(), named)


def wait_for_answer(
    node: Node,
    path: str,
    wanted: Callable[[Answer], bool] = lambda answer: answer.status == http.HTTPStatus.OK,
    *,
    within: float = 60,
    **asked: Any,
) -> Answer:
    """The first answer that is ``wanted``, asked for as ``ask`` is.

    A connection that fails is no answer yet: a pod that ends may take its own away with it.
    Errors: ``NotReadyError`` after ``within`` seconds, with the last answer.
    """
    told: list[Answer] = []

    def missing() -> str | None:
        try:
            told.append(ask(node, path, **asked))
        except (OSError, http.client.HTTPException) as error:
            return f"{type(error).__name__}: {error}"
        return None if wanted(told[-1]) else str(told[-1])

    wait_for(f"an answer of {node.name}{path}", missing, seconds=within, interval=0.2)
    return told[-1]
