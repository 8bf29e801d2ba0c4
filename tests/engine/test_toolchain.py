"""The built CLI with our own language host, on a tiny program and a file backend."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

import toolchain

PROGRAM = """\
import pathlib
import threading

import pulumi

import beside_the_program

config = pulumi.Config()
print("hello from the program")


def check() -> None:
    seen.append(pulumi.Config("tiny").get("greeting"))


seen: list[str | None] = []
thread = threading.Thread(target=check)
thread.start()
thread.join()
pulumi.export("greeting", config.require("greeting"))
pulumi.export("token", config.require_secret("token"))
pulumi.export("where", [pulumi.get_project(), pulumi.get_stack(), seen[0]])
pulumi.export("beside", beside_the_program.VALUE)
mood = config.get("mood")
if mood == "sorry":
    raise pulumi.RunError("node edge-1 has no address: set it in the stack file")
if mood == "broken":
    {}["no such key"]
if mood == "slow":
    pathlib.Path("started").touch()
    threading.Event().wait(600)
"""
PACK = """\
from pulumi_policy import (
    EnforcementLevel,
    PolicyPack,
    ReportViolation,
    StackValidationArgs,
    StackValidationPolicy,
)


def refuse(args: StackValidationArgs, report: ReportViolation) -> None:
    report("seen by the pack")


policy = StackValidationPolicy("refuse", "refuse all", refuse)
PolicyPack("tiny", enforcement_level=EnforcementLevel.MANDATORY, policies=[policy])
"""


@dataclass
class Project:
    """A Pulumi project of its own in a temporary folder, with state and home beside it."""

    folder: Path
    environment: dict[str, str]
    timeout: float = 60.0

    def pulumi(self, *arguments: str, status: int = 0) -> str:
        """Run one command; returns what it printed, stderr last."""
        result = subprocess.run(
            ["pulumi", "--non-interactive", *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=self.timeout,
            check=False,
        )
        output = result.stdout + result.stderr
        assert result.returncode == status, output
        return output


@pytest.fixture(scope="module")
def tools() -> toolchain.Toolchain:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHIMYARD_TOOLCHAIN", "build")
        return toolchain.ensure()


@pytest.fixture
def project(tools: toolchain.Toolchain, tmp_path: Path) -> Project:
    folder = tmp_path / "project"
    for made in (folder, tmp_path / "state"):
        made.mkdir()
    (folder / "Pulumi.yaml").write_text(
        "name: tiny\nruntime:\n  name: python\n  options:\n    virtualenv: python\n"
    )
    (folder / "python").symlink_to(sys.prefix)
    (folder / "__main__.py").write_text(PROGRAM)
    (folder / "beside_the_program.py").write_text("VALUE = 42\n")
    environment = {
        **os.environ,
        **tools.env("dev", folder),
        "PULUMI_BACKEND_URL": f"file://{tmp_path / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": "tiny",
        "PULUMI_HOME": str(tmp_path / "home"),
    }
    made_project = Project(folder, environment)
    made_project.pulumi("stack", "init", "dev")
    made_project.pulumi("config", "set-all", "--plaintext=greeting=hi", "--secret=token=s3cret")
    return made_project


def test_preview_up_refresh_and_destroy_work_without_any_vendor_file(project: Project) -> None:
    preview = project.pulumi("preview")
    assert "hello from the program" in preview
    assert "warning" not in preview
    assert "1 to create" in preview
    up = project.pulumi("up", "--yes", "--skip-preview")
    assert "1 created" in up
    assert "s3cret" not in preview + up
    assert "1 unchanged" in project.pulumi("up", "--yes", "--skip-preview")
    assert "1 unchanged" in project.pulumi("refresh", "--yes", "--skip-preview")
    outputs = json.loads(project.pulumi("stack", "output", "--json", "--show-secrets"))
    assert outputs == {
        "greeting": "hi",
        "token": "s3cret",
        "where": ["tiny", "dev", "hi"],
        "beside": 42,
    }
    assert '"token": "[secret]"' in project.pulumi("stack", "output", "--json")
    assert "1 deleted" in project.pulumi("destroy", "--yes", "--skip-preview")


def test_a_run_error_is_one_message_without_a_traceback(project: Project) -> None:
    output = project.pulumi("preview", "--diff", "--config=mood=sorry", status=1)
    assert output.count("error:") == 1
    assert "error: node edge-1 has no address: set it in the stack file" in output
    assert "Traceback" not in output


def test_another_exception_shows_the_users_own_frames(project: Project) -> None:
    output = project.pulumi("preview", "--diff", "--config=mood=broken", status=1)
    assert output.count("error:") == 1
    assert '__main__.py", line' in output
    assert "KeyError: 'no such key'" in output
    assert "runpy" not in output
    assert "language_host" not in output


def test_a_missing_virtualenv_is_said_in_one_sentence(project: Project) -> None:
    (project.folder / "python").unlink()
    output = project.pulumi("preview", status=1)
    assert "has no bin/python. Make it" in output
    assert "Traceback" not in output


def processes_of(folder: Path) -> list[int]:
    """The processes whose working folder is ``folder``."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and (entry / "cwd").readlink() == folder:
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def wait_for(condition: Callable[[], object], seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what} took more than {seconds} s"
        time.sleep(0.02)


@pytest.mark.parametrize(
    "number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name
)
def test_a_stopped_engine_is_gone_quickly_and_leaves_nothing_behind(
    project: Project, number: signal.Signals
) -> None:
    with subprocess.Popen(
        ["pulumi", "--non-interactive", "preview", "--config=mood=slow"],
        cwd=project.folder,
        env=project.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as engine:
        wait_for((project.folder / "started").exists, 30, "the program's start")
        assert len(processes_of(project.folder)) == 3
        engine.send_signal(number)
        output, _ = engine.communicate(timeout=5)
    wait_for(lambda: not processes_of(project.folder), 5, "the end of host and program")
    assert "Traceback" not in output


def test_the_lab_stack_is_made_once_and_in_the_checkouts_own_backend(
    tools: toolchain.Toolchain, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULUMI_HOME", project.environment["PULUMI_HOME"])
    assert toolchain.prepare_lab_stack(tools, project.folder)
    assert not toolchain.prepare_lab_stack(tools, project.folder)
    assert (project.folder / ".lab/pulumi/.pulumi/stacks/tiny/lab.json").is_file()
    project.environment |= tools.env("lab", project.folder)
    assert "1 to create" in project.pulumi("preview", "--config=greeting=lab", "--config=token=x")


def test_pulumi_about_and_install_know_the_projects_python(project: Project) -> None:
    about = project.pulumi("about")
    assert f"executable='{project.folder / 'python' / 'bin' / 'python'}'" in about
    assert "fabric " in about.split("Dependencies:")[1]
    (project.folder / "python").unlink()
    (project.folder / "requirements.txt").write_text("# nothing\n")
    project.pulumi("install")
    assert (project.folder / "python" / "bin" / "python").exists()


def test_a_policy_pack_in_python_stops_a_preview(project: Project) -> None:
    pytest.importorskip("pulumi_policy")
    pack = project.folder / "pack"
    pack.mkdir()
    (pack / "PulumiPolicy.yaml").write_text(
        "runtime:\n  name: python\n  options:\n    virtualenv: ../python\n"
    )
    (pack / "__main__.py").write_text(PACK)
    output = project.pulumi("preview", "--policy-pack", "pack", status=1)
    assert "seen by the pack" in output
    assert processes_of(project.folder) == []
