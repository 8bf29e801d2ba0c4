"""The transcript of a node: every command that ran there, without a secret in it.

Standard input is never shown, only how much it was: contents and credentials travel there. What a
node answers is shown with known secrets taken out of it.
"""

from __future__ import annotations

import re
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence

Tell = Callable[[str], None]

HIDDEN = "[secret]"
MAX_LINES = 400
"""Lines of one command before some are left out; a machine with many files has many facts."""
LAST_LINES = 60
"""Lines that are shown of its end then."""

_FLUSH_SECONDS = 0.5
# The digest of a secret file would let a reader try what he guesses of it.
_DIGESTS = re.compile(
    r"^((?:\| )?digest\t)[0-9a-f]{64}(?=\t)|^((?:\| )?have\t[^\t]*\tfile\t.*\t)[0-9a-f]{64}$",
    re.MULTILINE,
)
_SEPARATORS = re.compile(r"[\s\"'=,\[\]]+")
_RANDOM = re.compile(r"[0-9A-Z]")
_SHORTEST_PART = 6


class Redaction:
    """Takes secrets out of texts: each as a whole, each of its lines, and words that look random.

    Words of a secret file in plain lower case, and addresses, are everybody's: without them no line
    could be read.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._parts: frozenset[str] = frozenset()
        self._longest_first: tuple[str, ...] = ()
        self._guard = threading.Lock()
        self.learn(secrets)

    def learn(self, secrets: Iterable[str]) -> None:
        """Take these out as well from now on. Safe for many threads."""
        found: set[str] = set()
        for secret in secrets:
            # A transcript has a secret file line by line, and a header in another file's quotes.
            words = [word for word in _SEPARATORS.split(secret) if _looks_random(word)]
            parts = [part.strip() for part in (*secret.splitlines(), *words)]
            found.update(part for part in parts if len(part) >= _SHORTEST_PART)
            found.add(secret.strip())
        found.discard("")
        with self._guard:
            if not found <= self._parts:
                self._parts |= found
                self._longest_first = tuple(sorted(self._parts, key=len, reverse=True))

    def __call__(self, text: str) -> str:
        """``text`` with ``HIDDEN`` in place of secrets."""
        text = _DIGESTS.sub(lambda match: f"{match[1] or match[2]}[digest]", text)
        for part in self._longest_first:
            text = text.replace(part, HIDDEN)
        return text


def _looks_random(word: str) -> bool:
    return _RANDOM.search(word) is not None and "://" not in word


class Transcript:
    """Tells of each command: its words, what it answered, exit code, seconds, bytes both ways.

    ``tell`` gets a text of some lines when a command begins and ends, and while it takes long.
    """

    def __init__(self, tell: Tell, redacted: Redaction | None = None) -> None:
        self._tell = tell
        self._redacted = redacted or Redaction()

    def say(self, text: str) -> None:
        """Tell something else than a command."""
        # The node's lines have tabs, which a screen shows in many ways.
        self._tell(self._redacted(text).replace("\t", "  "))

    def command(self, words: Sequence[str]) -> Entry:
        """A command that is about to run."""
        # A script is the same at each call; its text would hide everything else.
        shown = ["[script]" if "\n" in word else word for word in words]
        return Entry(self.say, " ".join(shown))


class Entry:
    """One command of a transcript."""

    def __init__(self, say: Tell, command: str) -> None:
        self._say = say
        self._lines = [f"> {command}"]
        self._rest: deque[str] = deque(maxlen=LAST_LINES)
        self._noted = 0
        self._sent = 0
        self._received = 0
        self._began = time.monotonic()
        # At once: of a command that hangs, one wants to know which it is.
        self._flush()

    def counted(self, stdin: Iterable[bytes]) -> Iterator[bytes]:
        """``stdin``, of which nothing but the size is noted."""
        for chunk in stdin:
            self._sent += len(chunk)
            yield chunk

    def heard(self, then: Tell | None, *, secret: bool = False) -> Tell:
        """What to call with each line of the command's output, before it goes on to ``then``.

        ``secret``: only how much it was is told.
        """

        def line(text: str, /) -> None:
            self._received += len(text.encode()) + 1
            if not secret:
                self._note("|", text)
            if time.monotonic() - self._told >= _FLUSH_SECONDS:
                self._flush()
            if then is not None:
                then(text)

        return line

    def ended(self, code: int, errors: str) -> None:
        """The command has ended; ``errors``: what it has written beside its output."""
        self._received += len(errors.encode())
        for text in errors.splitlines():
            self._note("!", text)
        self._end(f"exit {code}")

    def failed(self, error: BaseException) -> None:
        """The connection was lost before the command ended."""
        self._end(f"no exit code: {str(error) or type(error).__name__}")

    def _note(self, mark: str, text: str) -> None:
        self._noted += 1
        (self._lines if self._noted <= MAX_LINES else self._rest).append(f"{mark} {text}")

    def _end(self, how: str) -> None:
        left_out = self._noted - MAX_LINES - len(self._rest)
        if left_out > 0:
            self._lines.append(f"({left_out} lines are left out)")
        self._lines += self._rest
        seconds = time.monotonic() - self._began
        self._lines.append(
            f"< {how} after {seconds:.3f} s; {self._sent} bytes sent, {self._received} received"
        )
        self._flush()

    def _flush(self) -> None:
        if self._lines:
            self._say("\n".join(self._lines))
        self._lines = []
        self._told = time.monotonic()


UNTOLD = Transcript(lambda _text: None)
"""A transcript that nobody reads."""
