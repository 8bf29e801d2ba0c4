"""Which Python runs a program, and with which environment."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolchain.errors import ToolchainError


class InterpreterError(ToolchainError):
    """The project names a Python that is not there; the message says how to mend it."""

    def __init__(self, python: Path, sentence: str) -> None:
        super().__init__(sentence)
        self.python = python


@dataclass(frozen=True)
class Interpreter:
    """A Python executable; ``virtualenv`` is its folder, if the project names one."""

    python: Path
    virtualenv: Path | None = None

    def environment(self, base: Mapping[str, str] | None = None) -> dict[str, str]:
        """``base`` (default: this process's) as the virtualenv's ``activate`` would leave it."""
        variables = dict(os.environ if base is None else base)
        if self.virtualenv is not None:
            variables["VIRTUAL_ENV"] = str(self.virtualenv)
            variables.pop("PYTHONHOME", None)
            path = variables.get("PATH", os.defpath)
            variables["PATH"] = f"{self.virtualenv / 'bin'}{os.pathsep}{path}"
        return variables


def named_virtualenv(root: Path, options: Mapping[str, Any]) -> Path | None:
    """The virtualenv of ``runtime.options`` in Pulumi.yaml, relative to the project's folder.

    Upstream's default for ``toolchain: uv`` is ``.venv``; other toolchains need it spelled out.
    """
    name = options.get("virtualenv") or (".venv" if options.get("toolchain") == "uv" else "")
    return root / str(name) if name else None


def find_interpreter(root: Path, options: Mapping[str, Any]) -> Interpreter:
    """The Python of the project in ``root``; without a virtualenv, the one that runs the host.

    Raises InterpreterError when the virtualenv does not exist.
    """
    virtualenv = named_virtualenv(root, options)
    if virtualenv is None:
        return Interpreter(Path(os.environ.get("PULUMI_PYTHON_CMD") or sys.executable))
    python = virtualenv / "bin" / "python"
    if not os.access(python, os.X_OK):
        raise InterpreterError(
            python,
            f"Pulumi.yaml names the virtualenv {virtualenv}, which has no bin/python. Make it "
            "with `make .venv`, `pulumi install`, or `python3 -m venv` and `pip install -r "
            "requirements.txt`.",
        )
    return Interpreter(python, virtualenv)
