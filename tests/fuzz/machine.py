"""Stand-in: a machine that is a folder; the node's real program, sh and tar work in it."""

from __future__ import annotations

import hashlib
import io
import shutil
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path

from shimyard.node.bundle import bundle
from shimyard.node.desired import StoredArtifact
from shimyard.node.plan import Plan
from shimyard.node.scripts import PROGRAM

TRANSACTION = "0123456789abcdef"
_SECONDS = 30


@dataclass(frozen=True)
class Said:
    """What the program has answered: its exit code, and its lines as words."""

    code: int
    lines: list[list[str]]
    err: str


class Machine:
    """``root`` stands for /var/lib/shimyard; nothing beside it may ever change."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = folder / "root"
        self.store = self.root / "store"
        self.outside = folder / "outside"
        self.outside.mkdir()
        (self.outside / "sentinel").write_text("untouched")
        self.program = folder / "node"
        line = "root=/var/lib/shimyard\n"
        assert PROGRAM.count(line) == 1
        self.program.write_text(PROGRAM.replace(line, f"root='{self.root}'\n"))

    def stage(self, artifact: StoredArtifact) -> None:
        """A new machine that has received a transaction in which ``artifact`` is missing."""
        shutil.rmtree(self.root, ignore_errors=True)
        staging = self.root / "staging" / TRANSACTION
        staging.mkdir(parents=True)
        self.store.mkdir()
        sent = io.BytesIO(b"".join(bundle(Plan(fetch=(artifact,)), None, "fuzz")))
        with tarfile.open(fileobj=sent) as tar:
            file = tar.extractfile("artifacts")
            assert file is not None
            (staging / "artifacts").write_bytes(file.read())

    def run(self, *words: str, stdin: bytes = b"") -> Said:
        """Call a verb of the program."""
        done = subprocess.run(
            ["sh", str(self.program), *words],
            input=stdin,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "no_proxy": "127.0.0.1"},
        )
        text = done.stdout.decode(errors="replace")
        lines = [line.split("\t") for line in text.split("\n") if line]
        return Said(done.returncode, lines, done.stderr.decode(errors="replace"))

    def others(self) -> list[tuple[str, int, str]]:
        """Everything outside of the store: path, mode, content."""
        found = []
        for path in sorted(self.folder.rglob("*")):
            if self.store in (path, *path.parents):
                continue
            content = path.read_text() if path.is_file() else ""
            found.append((str(path), path.lstat().st_mode, content))
        return found


def artifact(
    data: bytes, format: str, files: dict[str, str], *, size: int | None, urls: tuple[str, ...] = ()
) -> StoredArtifact:
    """``data`` as a lock describes it."""
    digest = hashlib.sha256(data).hexdigest()
    members = tuple(files.items())
    return StoredArtifact("tool", "1.0.0", digest, size, format, members, urls)  # type: ignore[arg-type]
