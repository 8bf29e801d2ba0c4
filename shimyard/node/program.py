"""The node's program: where it lies on a machine, how it is called, how it gets there."""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from typing import TYPE_CHECKING

from shimyard.node.errors import NodeError
from shimyard.node.paths import ROOT
from shimyard.node.scripts import DOCTOR, FACTS, PROGRAM, SURVEY, VERSION

if TYPE_CHECKING:
    from shimyard.node.transport import Completed, OnLine, Session

# Put there by an administrator, who then need not allow anything else in sudoers.
PRESET = f"/usr/local/libexec/shimyard/node-{VERSION}"
INSTALLED = f"{ROOT}/bin/{VERSION}/node"

_ABSENT = 90
# What is read comes all at once, and a machine may have gigabytes to digest before.
_READ_SILENCE = 300.0
_CALL = """\
for program in {preset} {installed}; do
    [ ! -x "$program" ] || exec {sudo}"$program" "$@"
done
exit {absent}
"""
# Verbs that change nothing, and the same as scripts for a machine that has not our program.
READERS = {"facts": FACTS, "doctor": DOCTOR, "survey": SURVEY}
FOR_THE_DOCTOR = frozenset({"doctor", "survey"})
"""Verbs that no change of a machine ever calls: they belong to `make doctor` alone."""
# What a person reads as the step of an error.
STEPS = {
    "facts": "facts",
    "doctor": "doctor",
    "survey": "doctor",
    "receive": "stage",
    "fetch": "stage",
    "accept": "stage",
    "discard": "stage",
    "launch": "switch",
    "retake": "recover",
    "purge": "remove",
    "members": "cluster",
    "access": "cluster",
    "cordon": "cordon",
    "uncordon": "uncordon",
    "drain": "drain",
    "forget": "leave",
    "label": "label",
    "taint": "label",
}
# $1: the path. Complete or not there at all, even if the connection ends in the middle.
INSTALL = """\
umask 022
mkdir -p "${1%/*}" && gzip -dc >"$1.$$" && chmod 0755 "$1.$$" && sync "$1.$$" && mv -fT "$1.$$" "$1"
code=$?
rm -f "$1.$$"
exit "$code"
"""


def facts(session: Session) -> Completed:
    """All facts of the machine, as ``read`` has them."""
    return read(session, "facts")


def read(session: Session, verb: str) -> Completed:
    """What one of ``READERS`` tells, by the machine's own program or, if it has not ours, by one
    that we send: nothing is installed. Raises ``ConnectionFailedError``.
    """
    step = STEPS[verb]
    completed = session.run(_command(session, verb), silence=_READ_SILENCE, step=step)
    session.has_program = not _is_absent(completed)
    if session.has_program:
        return completed
    command = [*session.as_root, "/bin/sh", "-s"]
    return session.run(command, stdin=[READERS[verb].encode()], silence=_READ_SILENCE, step=step)


def call(
    session: Session,
    verb: str,
    *arguments: str,
    stdin: Iterable[bytes] = (),
    on_line: OnLine | None = None,
    silence: float = 60.0,
    secret: bool = False,
) -> Completed:
    """Run a verb of the program with ``arguments``; it is installed first where it is missing.

    ``stdin``, ``on_line``, ``silence`` and ``secret`` as in ``Session.run``. Raises ``NodeError``.
    """
    if not session.has_program:
        _install(session)
    completed = session.run(
        _command(session, verb, *arguments),
        stdin=stdin,
        on_line=on_line,
        silence=silence,
        secret=secret,
        step=STEPS[verb],
    )
    if _is_absent(completed):
        session.has_program = False
        raise NodeError(
            session.node.name,
            verb,
            "another version of Shimyard has replaced its program on the node",
            mend="use one version of Shimyard for a node, then run `pulumi up` again",
        )
    return completed


def _command(session: Session, *words: str) -> list[str]:
    script = _CALL.format(
        preset=PRESET,
        installed=INSTALLED,
        sudo="sudo -n -- " if session.as_root else "",
        absent=_ABSENT,
    )
    return ["/bin/sh", "-c", script, "shimyard", *words]


def _is_absent(completed: Completed) -> bool:
    """The program was not there, or has gone just before it would have run: a "purge" that was cut
    off ends by itself.
    """
    lines = [line for line in completed.err.splitlines() if INSTALLED in line]
    gone = any("not found" in line or "No such file" in line for line in lines)
    return completed.code == _ABSENT or (completed.code != 0 and gone)


def _install(session: Session) -> None:
    program = gzip.compress(PROGRAM.encode(), mtime=0)
    command = [*session.as_root, "/bin/sh", "-c", INSTALL, "shimyard", INSTALLED]
    installed = session.run(command, stdin=[program], step="stage")
    if installed.code != 0:
        raise refused(session, "stage", installed) or NodeError(
            session.node.name,
            "stage",
            "Shimyard's program can't be put on the node",
            log=last_lines(installed),
            mend=f"free some space below {ROOT} and see that it is writable, then run "
            "`pulumi up` again",
        )
    session.has_program = True


def refused(session: Session, step: str, completed: Completed) -> NodeError | None:
    """The error if it is sudo that has stopped a command."""
    log = last_lines(completed)
    if not any(line.startswith("sudo:") or "not allowed to execute" in line for line in log):
        return None
    return NodeError(
        session.node.name,
        step,
        f"sudo refuses {session.node.ssh.user}",
        log=log,
        mend="allow NOPASSWD for this user in sudoers, log in as root, or let an administrator "
        f"install {PRESET} (docs/how-to/least-privilege.md)",
    )


def last_lines(completed: Completed) -> list[str]:
    """The last lines that a command has complained with."""
    return [line for line in completed.err.splitlines() if line.strip()][-6:]
