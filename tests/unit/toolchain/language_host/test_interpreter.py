"""Which Python runs a program."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from toolchain.language_host.interpreter import Interpreter, InterpreterError, find_interpreter


def make_virtualenv(folder: Path) -> Path:
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").symlink_to(sys.executable)
    return folder


def test_the_projects_virtualenv_is_found_relative_to_the_project(tmp_path: Path) -> None:
    virtualenv = make_virtualenv(tmp_path / ".venv")
    found = find_interpreter(tmp_path, {"virtualenv": ".venv"})
    assert found == Interpreter(virtualenv / "bin" / "python", virtualenv)
    variables = found.environment({"PATH": "/usr/bin", "PYTHONHOME": "/x"})
    assert variables == {
        "PATH": f"{virtualenv / 'bin'}{os.pathsep}/usr/bin",
        "VIRTUAL_ENV": str(virtualenv),
    }


def test_a_missing_virtualenv_is_named_with_the_mend(tmp_path: Path) -> None:
    with pytest.raises(InterpreterError, match=r"has no bin/python\. Make it") as caught:
        find_interpreter(tmp_path, {"virtualenv": "venv"})
    assert caught.value.python == tmp_path / "venv" / "bin" / "python"


def test_without_a_virtualenv_the_hosts_own_python_runs_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PULUMI_PYTHON_CMD", raising=False)
    found = find_interpreter(tmp_path, {})
    assert found.python == Path(sys.executable)
    assert found.environment({"PATH": "/bin"}) == {"PATH": "/bin"}


def test_a_uv_project_has_its_virtualenv_where_uv_puts_it(tmp_path: Path) -> None:
    virtualenv = make_virtualenv(tmp_path / ".venv")
    assert find_interpreter(tmp_path, {"toolchain": "uv"}).virtualenv == virtualenv
