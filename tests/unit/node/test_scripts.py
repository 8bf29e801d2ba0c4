"""The node's programs need sh, coreutils, tar and systemd, and nothing else."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from shimyard.node.program import INSTALL
from shimyard.node.scripts import DOCTOR, FACTS, PROGRAM, SURVEY
from tests.unit.node.shell_words import commands

SCRIPTS = {
    "program": PROGRAM, "facts": FACTS, "doctor": DOCTOR, "survey": SURVEY, "install": INSTALL
}  # fmt: skip
COREUTILS = {
    "base64", "basename", "cat", "chmod", "chown", "cp", "cut", "date", "df", "echo", "head", "ln",
    "mkdir", "mv", "printf", "readlink", "rm", "rmdir", "sha256sum", "sleep", "sort", "stat",
    "sync", "tac", "tail", "timeout", "tr", "true", "uname",
}  # fmt: skip
# Of a machine that has run K3s, which needs them itself; without them nothing is in their way.
OF_K3S = {"ip", "umount"}
# Tells more where it is; without it, nothing fails.
OF_UTIL_LINUX = {"dmesg"}
ALLOWED = COREUTILS | OF_K3S | OF_UTIL_LINUX | {
    "tar", "gzip", "xz", "curl", "wget", "systemctl", "systemd-run", "journalctl", "ctr", "sh",
}  # fmt: skip
BUILT_IN = {
    "[", ":", ".", "break", "cd", "command", "continue", "exec", "exit", "export", "kill", "read",
    "return", "set", "shift", "trap", "ulimit", "umask", "wait",
}  # fmt: skip


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_is_valid_in_a_plain_shell(name: str) -> None:
    subprocess.run(["sh", "-n"], input=SCRIPTS[name].encode(), check=True, timeout=10)


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_needs_no_program_that_a_bare_machine_lacks(name: str) -> None:
    script = SCRIPTS[name]
    own = set(re.findall(r"(?m)^([a-z_]+)\(\) \{", script))
    # Q and V: a quoted word or a variable, which holds one of our own functions.
    assert commands(script) - {"Q", "V"} - own - ALLOWED - BUILT_IN == set()


@pytest.mark.parametrize("name", SCRIPTS)
@pytest.mark.parametrize("tool", ["sed", "awk", "grep", "find", "xargs", "bash", "python", "flock"])
def test_a_script_does_without(name: str, tool: str) -> None:
    code = re.sub(r"(?m)^\s*#.*$", "", SCRIPTS[name])
    assert not re.search(rf"(?<![\w-]){tool}(?![\w-])", code)


def test_the_check_would_see_a_foreign_program() -> None:
    for script in (
        'x=$(awk 1 "$y")',
        "if awk . <a; then b; fi",
        "a | awk -e 1",
        'say "$(awk "$1")"',
        "case $x in a | b) awk ;; esac",
        "case $(awk 1) in a) ;; esac",
        "x=1 awk",
        "while ! awk >a; do :; done",
        "for i in a b; do awk; done",
        "a && { b || awk; }",
    ):
        assert "awk" in commands(script), script
    for script in ("x='awk'", "# awk", "case a in awk) b ;; esac", "a >awk", 'say "awk"', "a awk"):
        assert "awk" not in commands(script), script


@pytest.mark.skipif(
    shutil.which("shellcheck") is None,
    reason="shellcheck is missing: `make prepare` as root installs it, so does your system's "
    "package manager (apt-get install shellcheck)",
)
@pytest.mark.parametrize("name", SCRIPTS)
def test_shellcheck_finds_nothing(name: str, tmp_path: Path) -> None:
    path = tmp_path / f"{name}.sh"
    path.write_text(SCRIPTS[name])
    # SC2034: fields that `read` has to name although nobody uses them. SC2016: kubectl's templates
    # have variables of their own.
    done = subprocess.run(
        ["shellcheck", "--shell=sh", "--exclude=SC2034,SC2016", str(path)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.stdout == ""


def test_every_operation_has_its_part_in_the_program() -> None:
    from shimyard.node import operations  # noqa: PLC0415

    names = {
        "AdoptUnit": "adopt", "AwaitNode": "await_node",
        "CheckContainerdConfig": "containerd_config", "DeclareData": "data",
        "DisableUnit": "disable", "EmptyRuntime": "empty", "EnableUnit": "enable",
        "EndOrphans": "end_orphans", "ExpectGeneration": "expect", "KeepCanary": "keep_canary",
        "ImportImages": "import_images", "LeavePods": "leave", "MakeFolder": "dir",
        "PlaceFile": "file", "PlaceLink": "link", "ReleaseUnit": "release",
        "ReloadUnits": "reload", "RemoveData": "rmdata", "RemoveFolder": "rmdir",
        "RemovePath": "remove", "RestartUnit": "restart", "RotateToken": "rotate_token",
        "RunCanary": "canary",
        "SaveSnapshot": "snapshot", "StopUnit": "stop",
    }  # fmt: skip
    assert set(names) == set(operations.__all__) - {"Operation"}
    for name in names.values():
        assert re.search(rf"(?m)^(prepare|switch)_{name}\(\) ", PROGRAM)
