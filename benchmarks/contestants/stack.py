"""A Pulumi project of the benchmarks: a program, a file backend, the engine's command line."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from benchmarks.contestants.base import Command
from lab.commands import run
from toolchain import Toolchain

CHECKOUT: Final = Path(__file__).parents[2]
STACK: Final = "benchmark"
_PROJECT: Final = """\
name: benchmark
runtime:
  name: python
  options:
    toolchain: pip
    virtualenv: {checkout}/.venv
plugins:
  providers:
    - name: {plugin}
      path: {provider}
"""


class Stack:
    """A project in the empty ``folder`` that runs the ``program``, with the provider ``plugin``.

    ``provider``: the folder of its `pulumi-resource-<plugin>`. Its state is empty at first.
    """

    def __init__(
        self,
        tools: Toolchain,
        folder: Path,
        program: Path,
        *,
        plugin: str = "shimyard-edge",
        provider: Path = CHECKOUT / "shimyard/provider",
        variables: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder / "project"
        self.folder.mkdir(parents=True)
        shutil.copy(program, self.folder / "__main__.py")
        (self.folder / "Pulumi.yaml").write_text(
            _PROJECT.format(checkout=CHECKOUT, plugin=plugin, provider=provider)
        )
        (folder / "state").mkdir()
        self.environment = {
            **os.environ,
            **tools.env(STACK, self.folder),
            "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": "benchmark",
            "PULUMI_HOME": str(folder / "home"),
            # The program imports the components from here.
            "PYTHONPATH": str(CHECKOUT),
            **(variables or {}),
        }
        # The peers' modules were compiled when pip installed them; ours are by the first `up`.
        self.environment.pop("PYTHONDONTWRITEBYTECODE", None)
        run(self.command("stack", "init", STACK).argv, env=self._in_folder())

    def command(self, *arguments: str, words: Sequence[str] = ()) -> Command:
        """`pulumi` with these arguments; ``words`` come before it."""
        argv = [*words, "pulumi", "--cwd", str(self.folder), "--non-interactive", "--color=never"]
        return Command([*argv, *arguments], self.folder, self.environment)

    def _in_folder(self) -> dict[str, str]:
        return {**self.environment, "PWD": str(self.folder)}
