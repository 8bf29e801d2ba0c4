"""The checkout as a Pulumi project of its own: its files, but another stack file and backend."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from toolchain import Toolchain

CHECKOUT = Path(__file__).resolve().parents[3]
STACK = "trial"
_SHARED = ("Pulumi.yaml", "__main__.py", "components", "shimyard", "templates", ".venv")


@dataclass(frozen=True)
class Run:
    """One command that has ended: what it printed, and its exit code."""

    output: str
    status: int

    def section(self, word: str) -> str:
        """The lines of the output in which ``word`` stands."""
        return "\n".join(line for line in self.output.splitlines() if word in line)

    @property
    def told(self) -> str:
        """What the engine says at the end of its progress; all of the output if it says nothing."""
        _, title, words = self.output.rpartition("\nDiagnostics:\n")
        return title + words


@dataclass
class Project:
    """A Pulumi project in ``folder``, with its state and the engine's home beside it.

    ``config`` is what stands in the stack file; ``write`` it after a change.
    """

    folder: Path
    environment: dict[str, str] = field(repr=False)
    config: dict[str, Any] = field(default_factory=dict)
    namespace: str = "shimyard"
    runs: list[Run] = field(default_factory=list, repr=False)

    @classmethod
    def of_checkout(cls, tools: Toolchain, parent: Path) -> Project:
        """The checkout's program and provider, reached through links."""
        folder = parent / "project"
        folder.mkdir(parents=True)
        for name in _SHARED:
            (folder / name).symlink_to(CHECKOUT / name)
        (folder / "stacks").mkdir()
        return cls.init(tools, folder)

    @classmethod
    def init(
        cls, tools: Toolchain, folder: Path, variables: Mapping[str, str] | None = None
    ) -> Project:
        """The project whose Pulumi.yaml stands in ``folder``, with an empty stack."""
        backend = folder.parent / "state"
        backend.mkdir(exist_ok=True)
        environment = {
            **os.environ,
            **tools.env(STACK, folder),
            "PULUMI_BACKEND_URL": f"file://{backend}",
            "PULUMI_CONFIG_PASSPHRASE": "trial",
            "PULUMI_HOME": str(folder.parent / "home"),
        }
        # What makes the checkout importable in tests must not do so for a user's program.
        environment.pop("PYTHONPATH", None)
        project = cls(folder, {**environment, **(variables or {})})
        project.pulumi("stack", "init", STACK)
        return project

    @property
    def stack_file(self) -> Path:
        """Where the stack's configuration stands."""
        stacks = self.folder / "stacks"
        return (stacks if stacks.is_dir() else self.folder) / f"Pulumi.{STACK}.yaml"

    @property
    def state_files(self) -> list[Path]:
        """Every file that the engine has written of the stack: state, backups, history."""
        return [path for path in (self.folder.parent / "state").rglob("*") if path.is_file()]

    def write(self) -> None:
        """Write ``config`` into the stack file; the salt of its secrets stays."""
        document = self._document()
        document["config"] = {
            f"{self.namespace}:{key}": value for key, value in self.config.items()
        }
        self.stack_file.write_text(yaml.safe_dump(document))

    def secret(self, text: str) -> dict[str, str]:
        """``text`` as it stands in a stack file: encrypted by the engine."""
        self.pulumi("config", "set", "--secret", "shimyard:encrypted", text)
        # The next `write` takes it away from there.
        secure: dict[str, str] = self._document()["config"]["shimyard:encrypted"]
        return secure

    def pulumi(self, *arguments: str, status: int | None = 0, before: Sequence[str] = ()) -> Run:
        """Run one command to its end. ``status``: the exit code it must have; None for any.

        ``before``: a command line that runs the one behind it.
        """
        result = subprocess.run(
            [*before, *self.command(*arguments)],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
            check=False,
        )
        run = Run(result.stdout, result.returncode)
        self.runs.append(run)
        assert status is None or run.status == status, run.told
        return run

    def command(self, *arguments: str) -> list[str]:
        """The command line of `pulumi` with these arguments."""
        return ["pulumi", "--non-interactive", "--color=never", *arguments]

    def preview(self, *arguments: str, status: int | None = 0) -> Run:
        """`pulumi preview --diff`."""
        return self.pulumi("preview", "--diff", *arguments, status=status)

    def up(self, *arguments: str, status: int | None = 0, before: Sequence[str] = ()) -> Run:
        """`pulumi up` without a question."""
        words = ("up", "--yes", "--skip-preview", *arguments)
        return self.pulumi(*words, status=status, before=before)

    def refresh(self, *arguments: str, status: int | None = 0) -> Run:
        """`pulumi refresh` without a question."""
        return self.pulumi("refresh", "--yes", "--skip-preview", *arguments, status=status)

    def destroy(self, *arguments: str, status: int | None = 0) -> Run:
        """`pulumi destroy` without a question."""
        return self.pulumi("destroy", "--yes", "--skip-preview", *arguments, status=status)

    def resources(self) -> list[dict[str, Any]]:
        """The resources in the stack's state, secrets encrypted."""
        exported = json.loads(self.pulumi("stack", "export").output)
        found: list[dict[str, Any]] = exported["deployment"].get("resources", [])
        return found

    def outputs(self) -> dict[str, Any]:
        """The stack's exports."""
        exports: dict[str, Any] = json.loads(self.pulumi("stack", "output", "--json").output)
        return exports

    def _document(self) -> dict[str, Any]:
        if not self.stack_file.exists():
            return {}
        document: dict[str, Any] = yaml.safe_load(self.stack_file.read_text()) or {}
        return document
