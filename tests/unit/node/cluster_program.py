"""The node's program in a folder of a test, with a stand-in for K3s that notes how it is called.

It shows what is asked of kubectl, not that a cluster takes it.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from shimyard.node.scripts import PROGRAM

_K3S = """\
#!/bin/sh
folder={folder}
printf '%s\\n' "$*" >>"$folder/calls"
case "$*" in
*" -f -")
    cat >>"$folder/input"
    cat "$3" >>"$folder/access"
    ls -l "$3" >>"$folder/modes"
    ;;
esac
for answer in "$folder"/answers/*; do
    [ -f "$answer" ] || continue
    case "$*" in
    *"$(head -n 1 "$answer")"*)
        [ ! -f "$folder/complaint" ] || cat "$folder/complaint" >&2
        tail -n +3 "$answer"
        exit "$(head -n 2 "$answer" | tail -n 1)"
        ;;
    esac
done
"""
_KUBECTL = "kubectl --kubeconfig /etc/rancher/k3s/k3s.yaml "
_SHORT = "--request-timeout=20s "


@dataclass(frozen=True)
class Server:
    """A machine on which K3s answers as it is told to, below ``folder``."""

    folder: Path

    @property
    def root(self) -> Path:
        """Where Shimyard keeps its own on this machine."""
        return self.folder / "root"

    def answers(self, part: str, out: str = "", code: int = 0) -> None:
        """What a call of K3s with ``part`` in its words gets."""
        answers = self.folder / "answers"
        answers.mkdir(exist_ok=True)
        (answers / str(len(list(answers.iterdir())))).write_text(f"{part}\n{code}\n{out}")

    def k3s_complains(self, words: str) -> None:
        """What it prints as an error with each answer."""
        (self.folder / "complaint").write_text(words)

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run the program with a verb and its arguments."""
        return self._sh(self._program(), *words)

    def call(self, script: str, *words: str) -> subprocess.CompletedProcess[str]:
        """Run ``script`` among the functions of the program."""
        functions, _, _ = self._program().partition("# --- one verb")
        return self._sh(f"{functions}\nresource=k3s-server\n{script}\n", *words)

    @property
    def calls(self) -> list[str]:
        """How K3s was called, without the words that are always the same."""
        noted = self.folder / "calls"
        lines = noted.read_text().splitlines() if noted.exists() else []
        return [line.removeprefix(_KUBECTL).removeprefix(_SHORT) for line in lines]

    def _program(self) -> str:
        k3s = self.folder / "k3s"
        k3s.write_text(_K3S.format(folder=self.folder))
        k3s.chmod(0o755)
        text = PROGRAM.replace("root=/var/lib/shimyard", f"root={self.root}")
        return text.replace("k3s=/usr/local/bin/k3s", f"k3s={k3s}")

    def _sh(self, script: str, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", "-c", script, "node", *words],
            capture_output=True,
            text=True,
            check=False,
            timeout=10,
        )
