"""The rounds: all machines at once over SSH, then one server for the cluster. Changes nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from shimyard.doctor.cluster import ClusterFacts
from shimyard.doctor.examination import Examination, Examined, Silence
from shimyard.doctor.machine import MachineFacts
from shimyard.node import program
from shimyard.node.errors import NodeError
from shimyard.node.facts import Facts
from shimyard.node.transport import Session
from shimyard.settings import NodeSettings, StackSettings

Open = Callable[[NodeSettings, Path], Session]

_Told = TypeVar("_Told")

_AT_ONCE = 32
"""Connections at a time: a controller may have few file descriptors."""


def examine(
    settings: StackSettings, stack: str, project: Path, *, connect: Open = Session.open
) -> Examination:
    """Ask everybody. Who does not answer is told as such, and keeps nobody else from it.

    ``stack``: its name. ``project``: what files in the settings are relative to.
    """
    with ThreadPoolExecutor(min(_AT_ONCE, len(settings.nodes))) as pool:
        asked = {
            node.name: pool.submit(_machine, node, project, connect) for node in settings.nodes
        }
        machines = {name: each.result() for name, each in asked.items()}
    return Examination(stack, settings, time.time(), machines, _cluster(settings, project, connect))


def _machine(node: NodeSettings, project: Path, connect: Open) -> Examined | Silence:
    try:
        with closing(connect(node, project)) as session:
            began = time.time()
            facts = _read(session, "facts", Facts.parse)
            skew = _skew(facts.system.clock, began, time.time())
            return Examined(facts, _read(session, "doctor", MachineFacts.parse), skew)
    except NodeError as error:
        return Silence(_sentence(error), error.mend)


def _cluster(
    settings: StackSettings, project: Path, connect: Open
) -> ClusterFacts | Silence | None:
    """The word of the first server that answers."""
    membership = settings.membership()
    if membership is None:
        return None
    reasons = []
    for server in membership.servers:
        try:
            with closing(connect(server, project)) as session:
                return _read(session, "survey", ClusterFacts.parse)
        except NodeError as error:
            reasons.append(f"{server.name}: {_sentence(error)}")
    mend = "bring one of the servers back: see `systemctl status k3s` on it"
    return Silence("; ".join(reasons), mend)


def _read(session: Session, verb: str, parse: Callable[[str], _Told]) -> _Told:
    completed = program.read(session, verb)
    step = program.STEPS[verb]
    try:
        if completed.code == 0:
            return parse(completed.out)
        cause = "it does not answer to the end"
    except ValueError as error:
        cause = str(error)
    log = program.last_lines(completed)
    mend = "mend what its last words show, then ask again"
    if not log:
        mend = "ask again: it, or the connection, may have gone down in the middle"
    raise program.refused(session, step, completed) or NodeError(
        session.node.name, step, cause, log=log, mend=mend
    )


def _sentence(error: NodeError) -> str:
    return ": ".join([error.cause, *error.log[-1:]])


def _skew(clock: int, began: float, ended: float) -> float:
    """Seconds by which a clock, read in between and cut to seconds, is ahead of ours."""
    if clock > ended:
        return clock - ended
    return min(clock + 1 - began, 0.0)
