"""What may come of a hostile input: a result, or an error that a person can use, and no trace."""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from shimyard.errors import ShimyardError

T = TypeVar("T")
K = TypeVar("K", bound=ShimyardError)

_LONGEST = 20_000
_CHANGES = {
    "os.chmod", "os.chown", "os.link", "os.mkdir", "os.remove", "os.rename", "os.rmdir",
    "os.symlink", "os.system", "os.truncate", "os.utime", "shutil.rmtree", "socket.connect",
    "subprocess.Popen",
}  # fmt: skip
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

_watching = False
_seen: list[str] = []


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if not _watching:
        return
    if event in _CHANGES or (event == "open" and (arguments[2] or 0) & _WRITES):
        _seen.append(f"{event} {arguments[:1]}")


sys.addaudithook(_audit)


@contextmanager
def untouched() -> Iterator[None]:
    """Fails if what runs inside writes, runs or connects to anything."""
    global _watching  # noqa: PLW0603 - an audit hook can't be taken away again
    _seen.clear()
    _watching = True
    try:
        yield
    finally:
        _watching = False
    assert _seen == []


def answer(call: Callable[[], T], kind: type[K]) -> T | K:
    """The result of ``call``, or its error of this ``kind``, checked to be of use; no traceback."""
    try:
        with untouched():
            return call()
    except kind as error:
        usable(error)
        return error


def usable(error: ShimyardError) -> None:
    """An error's text says what is wrong and what to do, in lines that a terminal can show."""
    text = str(error)
    assert error.problem.strip()
    assert error.mend.strip()
    assert "\n  mend: " in text
    assert len(text) < _LONGEST
    assert {char for char in set(text) - set("\n\t") if rewrites_a_terminal(char)} == set()


def rewrites_a_terminal(char: str) -> bool:
    turns = char in "\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    return turns or unicodedata.category(char) in {"Cc", "Cs"}
