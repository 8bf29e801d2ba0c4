"""The delay line from the outside: started in its own process, asked by lines of text."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from benchmarks.delay.conversations import Traffic
from benchmarks.errors import BenchmarkError

_CHECKOUT = Path(__file__).parents[2]


class DelayLine:
    """The running line. ``near`` and ``far``: the namespaces of its two ends, as files.

    ``wrapped``: makes the command line of a program into one that the program shall have, to put
    it into a cgroup. The two devices have no address yet.
    """

    def __init__(
        self,
        near: Path,
        far: Path,
        wrapped: Callable[[list[str]], list[str]] = lambda argv: argv,
    ) -> None:
        argv = [sys.executable, "-m", "benchmarks.delay.line", str(near), str(far)]
        self._process = subprocess.Popen(
            wrapped(argv),
            cwd=_CHECKOUT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        self._answer()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def set_round_trip(self, seconds: float) -> None:
        """Delay each packet by half of it, both ways."""
        self._ask(f"delay {seconds / 2:.6f}")

    def reset(self) -> None:
        """Count anew."""
        self._ask("reset")

    def traffic(self) -> Traffic:
        """What has passed since the last ``reset``."""
        seen = self._ask("traffic")
        return Traffic(**{**seen, "round_trips": tuple(seen["round_trips"])})

    def close(self) -> None:
        """End it; its devices go with it."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _ask(self, command: str) -> dict[str, Any]:
        if self._process.stdin is None:
            raise ValueError("the line has no input")
        self._process.stdin.write(f"{command}\n")
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        line = self._process.stdout.readline() if self._process.stdout is not None else ""
        if not line:
            raise BenchmarkError(
                "the delay line has ended", mend="see above why; it needs root and /dev/net/tun"
            )
        answer: dict[str, Any] = json.loads(line)
        return answer
