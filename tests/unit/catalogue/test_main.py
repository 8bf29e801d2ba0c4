"""`python -m shimyard.catalogue`: what a person sees, and the exit codes that scripts see."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from shimyard.catalogue.__main__ import main
from shimyard.catalogue.lockfile import read_lock
from tests.unit.catalogue.test_bundle import stack_of
from tests.unit.catalogue.test_locking import CONTAINERD, publish
from tests.unit.catalogue.vendor_stand_in import Releases

ROOT = Path(__file__).parents[3]


def lock(releases: Releases, file: Path, *arguments: str) -> int:
    return main(
        [
            "lock",
            "containerd",
            "2.2.1",
            "--arch",
            "amd64",
            "--lock",
            str(file),
            "--mirror",
            releases.base,
            *arguments,
        ]
    )


def test_locking_prints_what_was_checked_and_writes_the_entry(
    releases: Releases, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    digest = publish(releases, "containerd", "2.2.1", CONTAINERD)
    file = tmp_path / "artifacts.lock.json"

    assert lock(releases, file) == 0
    shown = capsys.readouterr().out
    assert "locked: containerd 2.2.1 amd64" in shown
    assert digest in shown
    assert "containerd-2.2.1-linux-amd64.tar.gz.sha256sum" in shown
    assert "artifacts.lockFiles" in shown
    assert [item.sha256 for item in read_lock(file)] == [digest]

    assert lock(releases, file) == 0
    assert "already locked" in capsys.readouterr().out


def test_a_changed_release_exits_1_until_it_is_to_be_replaced(
    releases: Releases, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "artifacts.lock.json"
    publish(releases, "containerd", "2.2.1", CONTAINERD)
    lock(releases, file)
    changed = publish(releases, "containerd", "2.2.1", CONTAINERD[:4] + b"\1" + CONTAINERD[5:])

    assert lock(releases, file) == 1
    assert "add --replace" in capsys.readouterr().err
    assert lock(releases, file, "--replace") == 0
    assert [item.sha256 for item in read_lock(file)] == [changed]


def test_nothing_is_written_when_one_of_two_architectures_fails(
    releases: Releases, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "artifacts.lock.json"
    publish(releases, "containerd", "2.2.1", CONTAINERD)

    assert lock(releases, file, "--arch", "both") == 1
    assert "linux-arm64.tar.gz" in capsys.readouterr().err
    assert not file.exists()


def test_one_digest_is_not_taken_for_two_architectures(
    releases: Releases, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert lock(releases, tmp_path / "x.json", "--arch", "both", "--sha256", "a" * 64) == 1
    assert "belong to one architecture" in capsys.readouterr().err


@pytest.mark.parametrize("wrong", [["--sha256", "abc"], ["--file", "member"], ["--arch", "mips"]])
def test_a_wrong_option_exits_2(releases: Releases, tmp_path: Path, wrong: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        lock(releases, tmp_path / "x.json", *wrong)
    assert caught.value.code == 2


def test_a_failure_shows_no_traceback(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "shimyard.catalogue", "lock", "runc", "1.3.4", "--arch", "amd64",
         "--mirror", "http://127.0.0.1:1", "--lock", str(tmp_path / "x.json")],
        cwd=ROOT,
        env={**os.environ, "no_proxy": "127.0.0.1"},
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip

    assert done.returncode == 1
    assert "can't be reached" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_list_shows_version_architecture_and_source(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["list", "runc"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:3] == ["NAME", "VERSION", "ARCH"]
    assert all(line.startswith("runc ") and "https://" in line for line in lines[1:])


def test_verify_tells_what_is_no_longer_as_it_was_locked(
    releases: Releases, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "artifacts.lock.json"
    publish(releases, "containerd", "2.2.1", CONTAINERD)
    lock(releases, file)
    check = ["verify", "--lock", str(file), "--mirror", releases.base]

    assert main(check) == 0
    assert "1 of 1 artifacts are as locked" in capsys.readouterr().out
    publish(releases, "containerd", "2.2.1", b"changed")
    assert main(check) == 1
    assert "can't be had as it is locked" in capsys.readouterr().err
    assert main(["verify", "no-such-name"]) == 1


def test_a_stack_is_bundled_from_the_command_line(
    releases: Releases, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = stack_of(releases, tmp_path)
    (tmp_path / "Pulumi.yaml").write_text("name: x\n")
    stack = tmp_path / "stacks" / "Pulumi.x.yaml"
    stack.parent.mkdir()
    sections = settings.model_dump(mode="json", by_alias=True, exclude_unset=True)
    config = {f"shimyard:{name}": section for name, section in sections.items()}
    stack.write_text(yaml.safe_dump({"config": config}))

    assert main(["bundle", "--stack", str(stack), "--output", str(tmp_path / "out")]) == 0
    assert "4 artifacts in" in capsys.readouterr().out
    assert len([path for path in (tmp_path / "out").rglob("*") if path.is_file()]) == 4
