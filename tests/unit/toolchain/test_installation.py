"""The environment of a stack, as variables and as shell text."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from toolchain.installation import Toolchain, shell_exports
from toolchain.version import Version


def toolchain(tmp_path: Path, origin: str = "build") -> Toolchain:
    folder = tmp_path / "bundle" / "bin"
    return Toolchain(folder / "pulumi", folder / "pulumi-language-python", Version(3, 1, 0), origin)


def test_the_lab_stack_keeps_its_state_in_the_checkout(tmp_path: Path) -> None:
    variables = toolchain(tmp_path).env("lab", tmp_path / "checkout")
    backend = tmp_path / "checkout" / ".lab" / "pulumi"
    assert variables["PULUMI_BACKEND_URL"] == f"file://{backend}"
    assert variables["PULUMI_CONFIG_PASSPHRASE"] == "lab"
    assert variables["PULUMI_STACK"] == "lab"
    assert backend.is_dir()


def test_a_real_stack_keeps_the_backend_that_the_user_is_logged_in_to(tmp_path: Path) -> None:
    variables = toolchain(tmp_path).env("edge-production", tmp_path)
    assert variables["PULUMI_STACK"] == "edge-production"
    assert not {"PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE"} & set(variables)
    assert not (tmp_path / ".lab").exists()


def test_pulumi_comes_first_on_path_and_only_once(tmp_path: Path) -> None:
    found = toolchain(tmp_path)
    folder = str(found.pulumi.parent)
    path = os.pathsep.join(["/usr/bin", folder, "", "/bin"])
    assert found.env("dev", tmp_path, {"PATH": path})["PATH"].split(os.pathsep) == [
        folder,
        "/usr/bin",
        "/bin",
    ]


def test_many_machines_work_at_a_time_unless_the_user_says_how_many(tmp_path: Path) -> None:
    found = toolchain(tmp_path)
    assert found.env("dev", tmp_path, {})["PULUMI_PARALLEL"] == "128"
    assert found.env("dev", tmp_path, {"PULUMI_PARALLEL": "4"})["PULUMI_PARALLEL"] == "4"


def test_our_own_language_host_gets_a_python_that_has_the_sdk(tmp_path: Path) -> None:
    name = "SHIMYARD_LANGUAGE_HOST_PYTHON"
    assert toolchain(tmp_path).env("dev", tmp_path)[name] == sys.executable
    assert name not in toolchain(tmp_path, "path").env("dev", tmp_path)


def test_the_exports_survive_a_shell_whatever_is_in_them(tmp_path: Path) -> None:
    value = f'{tmp_path}/it\'s a $HOME `x` "y"'
    script = f'{shell_exports({"SHIMYARD_TEST": value})}\nprintf %s "$SHIMYARD_TEST"'
    result = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout == value
