"""The command line, with a stand-in pulumi on PATH."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import toolchain
from tests.unit.toolchain.stand_ins import install_pulumi, write_program
from toolchain.kubernetes.plugin import PROGRAM

CHECKOUT = Path(toolchain.__file__).parent.parent


@pytest.fixture
def vendor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = install_pulumi(tmp_path / "vendor", "v3.300.0")
    write_program(folder / PROGRAM, "")
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return folder


def command(*arguments: str, status: int = 0) -> subprocess.CompletedProcess[str]:
    result = subprocess.run(
        [sys.executable, "-m", "toolchain", *arguments],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == status, result.stderr
    return result


def test_ensure_prints_the_path_alone_on_stdout(vendor: Path) -> None:
    result = command("ensure")
    assert result.stdout == f"{vendor / 'pulumi'}\n"
    assert "pulumi 3.300.0 (path)" in result.stderr
    assert f"(path, the vendor's): {vendor / PROGRAM}" in result.stderr


def test_a_program_with_machines_only_needs_no_kubernetes_provider(vendor: Path) -> None:
    (vendor / PROGRAM).unlink()
    result = command("ensure", "--no-kubernetes")
    assert result.stdout == f"{vendor / 'pulumi'}\n"
    assert "kubernetes" not in result.stderr


def test_env_of_a_real_stack_can_be_evaluated_and_sets_no_backend(vendor: Path) -> None:
    script = f'{command("env", "--stack", "dev").stdout}\necho "$PULUMI_STACK"; command -v pulumi'
    clean = {"PATH": os.defpath}
    result = subprocess.run(
        ["sh", "-c", script], env=clean, capture_output=True, text=True, check=True
    )
    assert result.stdout.splitlines() == ["dev", str(vendor / "pulumi")]
    assert "PULUMI_BACKEND_URL" not in script


@pytest.mark.usefixtures("vendor")
def test_run_hands_on_arguments_and_exit_status() -> None:
    script = 'echo "$PULUMI_STACK" "$@"; exit 7'
    result = command("run", "--stack", "dev", "--", "sh", "-c", script, "-", "--diff", status=7)
    assert result.stdout == "dev --diff\n"


@pytest.mark.usefixtures("vendor")
def test_a_command_that_does_not_exist_is_one_sentence() -> None:
    result = command("run", "--stack", "dev", "--", "no-such-command", status=127)
    assert "cannot run no-such-command: No such file" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.usefixtures("vendor")
def test_shell_opens_the_users_shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_program(tmp_path / "shell", "my own shell")
    monkeypatch.setenv("SHELL", str(tmp_path / "shell"))
    assert command("shell", "--stack", "dev").stdout == "my own shell\n"


def test_an_error_is_one_sentence_and_not_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHIMYARD_TOOLCHAIN", "somewhere")
    result = command("ensure", status=1)
    assert result.stderr.startswith("toolchain: SHIMYARD_TOOLCHAIN is 'somewhere'")
    assert "Traceback" not in result.stderr
