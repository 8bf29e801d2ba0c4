"""One transaction: facts, plan, stage, check, switch, canary, commit or restore."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shimyard.node import program
from shimyard.node.desired import DesiredState
from shimyard.node.errors import ConnectionFailedError, NodeError
from shimyard.node.facts import Facts
from shimyard.node.journal import Journal
from shimyard.node.paths import ROOT
from shimyard.node.plan import ConflictError, Plan
from shimyard.node.planning import plan
from shimyard.node.progress import Report, silent
from shimyard.node.removal import removal
from shimyard.node.staging import discard, stage
from shimyard.node.steps import event_in_words, failed_in_words

if TYPE_CHECKING:
    from shimyard.node.transport import Session

_CLOCK_TOLERANCE = 300


@dataclass(frozen=True)
class Result:
    """A converged node: its ``facts`` afterwards, and the ``plan`` that was carried out."""

    facts: Facts
    plan: Plan


def read_facts(session: Session) -> Facts:
    """What the machine is like now; an interrupted transaction is taken back first."""
    facts = _facts(session)
    if facts.generations.pending and not facts.generations.running:
        recovered = program.call(session, "retake", silence=600)
        facts = _facts(session)
        if facts.generations.pending:
            raise NodeError(
                session.node.name,
                "recover",
                "an interrupted change can't be taken back",
                log=recovered.err.splitlines()[-6:],
                mend=f"see at the end of {ROOT}/pending/journal on the node what is in the way, "
                "mend it there, then run `pulumi up` again",
                restored=False,
            )
    return facts


Around = Callable[[Plan, Facts], AbstractContextManager[None]]
"""What happens around a change, once its plan is known: on a cluster's node, it is drained."""


def undisturbed(_plan: Plan, _facts: Facts) -> AbstractContextManager[None]:
    """Nothing has to happen around the change."""
    return nullcontext()


def converge(
    session: Session,
    desired: DesiredState,
    report: Report = silent,
    around: Around = undisturbed,
) -> Result:
    """Take the node to ``desired``, or leave it as it was and raise ``NodeError``."""
    report("facts", "reading the node")
    facts = read_facts(session)
    _refuse_running(session, facts)
    _check_machine(session, facts)
    try:
        steps = plan(desired, facts)
    except ConflictError as error:
        raise NodeError(
            session.node.name,
            "plan",
            str(error),
            mend="remove the file from one of the two",
        ) from error
    if not steps.operations:
        report("plan", "nothing to do: the node is as wanted")
        return Result(facts, steps)
    with around(steps, facts):
        _carry_out(session, steps, desired, desired.resource, report)
    return Result(_facts(session), steps)


def remove(session: Session, resource: str, report: Report = silent) -> Plan:
    """Leave the node as it was before ``resource``. The last resource takes Shimyard with it."""
    report("facts", "reading the node")
    facts = read_facts(session)
    _refuse_running(session, facts)
    steps = removal(resource, facts)
    if steps.operations:
        _carry_out(session, steps, None, resource, report)
    program.call(session, "purge")
    return steps


def _facts(session: Session) -> Facts:
    completed = program.facts(session)
    try:
        return Facts.parse(completed.out)
    except ValueError:
        raise program.refused(session, "facts", completed) or NodeError(
            session.node.name,
            "facts",
            "the facts can't be read",
            log=program.last_lines(completed),
            mend="the node needs sh, coreutils, tar, gzip and systemd",
        ) from None


def _refuse_running(session: Session, facts: Facts) -> None:
    if facts.generations.running:
        raise _busy(session.node.name, ())


def _busy(node: str, log: Sequence[str]) -> NodeError:
    return NodeError(
        node,
        "switch",
        "another change of this node is running",
        log=log,
        mend="wait until it has ended, then run `pulumi up` again; on the node, "
        "`systemctl status shimyard-transaction` shows it",
    )


def _check_machine(session: Session, facts: Facts) -> None:
    name, system = session.node.name, facts.system
    if system.arch != session.node.arch:
        raise NodeError(
            name,
            "facts",
            f"the machine is {system.arch}, the stack says {session.node.arch}",
            mend=f"set nodes[].arch of {name} to {system.arch}",
        )
    missing = sorted({"tar", "gzip", "sha256sum", "timeout", "systemd-run"} - system.tools)
    if missing:
        raise NodeError(
            name,
            "facts",
            f"the machine lacks {', '.join(missing)}",
            mend="install coreutils, tar, gzip and systemd",
        )
    skew = system.clock - time.time()
    if abs(skew) > _CLOCK_TOLERANCE:
        raise NodeError(
            name,
            "check",
            f"the machine's clock is off by {skew:+.0f} s",
            mend="set its clock (timedatectl set-ntp true); certificates fail with a wrong one",
        )
    for folder, space in system.space.items():
        if not space.writable:
            raise NodeError(
                name, "check", f"{folder} is read-only", mend="remount it read-write on the node"
            )


def _carry_out(
    session: Session, steps: Plan, desired: DesiredState | None, resource: str, report: Report
) -> None:
    transaction = secrets.token_hex(8)
    try:
        stage(session, steps, desired, resource=resource, transaction=transaction, report=report)
    except NodeError:
        if session.alive:
            _discard(session, transaction)
        raise

    def on_line(line: str) -> None:
        told = event_in_words(line)
        if told is not None:
            report(*told)

    try:
        completed = program.call(session, "launch", transaction, on_line=on_line, silence=600)
    except ConnectionFailedError as error:
        raise ConnectionFailedError(
            session.node.name,
            "switch",
            f"the connection was lost in the middle of a change ({error.cause})",
            mend="run `pulumi up` again: the node goes on by itself, and either finishes the "
            "change or takes it back",
            restored=False,
        ) from error
    journal = Journal.parse(completed.out)
    if journal.outcome != "ok":
        if not journal.steps and session.alive:
            _discard(session, transaction)
        raise _failed(session, journal, program.last_lines(completed))


def _discard(session: Session, transaction: str) -> None:
    # The node clears away a day later what stays now; the first error is what a person needs.
    with suppress(NodeError):
        discard(session, transaction)


def _failed(session: Session, journal: Journal, complaints: Sequence[str]) -> NodeError:
    name = session.node.name
    again = "mend what the lines above show, then run `pulumi up` again"
    if journal.outcome == "refused":
        if "already" in journal.refusal:
            return _busy(name, [journal.refusal])
        return NodeError(
            name,
            "switch",
            "systemd on the node does not run the transaction",
            log=[journal.refusal],
            mend=again,
        )
    if journal.failed is None:
        return NodeError(
            name,
            failed_in_words(*journal.last_step[:3]),
            "the transaction was cut off",
            log=journal.log or complaints,
            mend="run `pulumi up` again",
            restored=journal.restored,
        )
    phase, operation, subject, reason = journal.failed
    return NodeError(
        name,
        failed_in_words(phase, operation, subject),
        reason,
        log=journal.log,
        mend=f"{again}; the node runs what it ran before" if journal.restored else again,
        restored=journal.restored,
    )
