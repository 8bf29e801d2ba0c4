"""Running programs of this machine: argument lists, captured output, one error."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence

from lab.errors import CommandError


def run(
    argv: Sequence[str],
    *,
    seconds: float = 60.0,
    env: Mapping[str, str] | None = None,
    stdin: str | None = None,
) -> str:
    """Run ``argv`` and return its standard output.

    ``seconds`` is how long it may take. ``env`` replaces the whole environment; None inherits.
    Errors: ``CommandError`` with its output if it ends with other than 0 or takes too long.
    """
    done = attempt(argv, seconds=seconds, env=env, stdin=stdin)
    if done.returncode != 0:
        raise CommandError(argv, done.returncode, done.stdout + done.stderr)
    return done.stdout


def attempt(
    argv: Sequence[str],
    *,
    seconds: float = 60.0,
    env: Mapping[str, str] | None = None,
    stdin: str | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run ``argv`` and return its result, whatever its exit code is.

    Errors: ``CommandError`` if it takes longer than ``seconds``.
    """
    try:
        return subprocess.run(
            list(argv),
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds,
            env=dict(env) if env is not None else None,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        seen = late.stdout or b""
        text = seen.decode(errors="replace") if isinstance(seen, bytes) else seen
        raise CommandError(argv, None, text) from late
