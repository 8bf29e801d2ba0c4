"""The cache under two runs at once, and after a run that was killed."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest

import toolchain
from toolchain.cache import cached, digest, output_folder
from toolchain.progress import Progress

CHECKOUT = Path(toolchain.__file__).parent.parent
RUN = """
import sys, io
from pathlib import Path
from toolchain.cache import cached
from toolchain.progress import Progress
def build(folder):
    with open(sys.argv[1], "a") as log:
        log.write("built\\n")
    print("building", flush=True)
    sys.stdin.readline()
    (folder / "output").write_text("done")
print(cached("thing", "k" * 64, build, progress=Progress(sys.stderr)), flush=True)
"""


def start(log: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", RUN, str(log)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=CHECKOUT,
    )


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_two_runs_at_once_build_once_and_both_get_the_output(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with start(log) as first:
        assert line(first) == "building"
        with start(log) as second:
            assert second.stderr is not None
            assert "waiting for another run" in second.stderr.readline()
            output, _ = first.communicate("go on\n")
            other, _ = second.communicate("")
    assert output.strip() == other.strip() == str(output_folder("thing", "k" * 64))
    assert log.read_text() == "built\n"


def test_a_killed_run_leaves_nothing_that_counts_as_an_output(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with start(log) as first:
        assert line(first) == "building"
        first.kill()
    folder = output_folder("thing", "k" * 64)
    assert not folder.exists()
    with start(log) as second:
        assert line(second) == "building"
        second.communicate("go on\n")
    assert (folder / "output").read_text() == "done"
    assert [path.name for path in folder.parent.iterdir() if path.name.startswith(".")] == []


def test_a_failed_build_is_not_cached_and_its_error_is_seen() -> None:
    def fail(_folder: Path) -> None:
        raise RuntimeError("no compiler")

    stream = io.StringIO()
    with pytest.raises(RuntimeError, match="no compiler"):
        cached("thing", "key", fail, progress=Progress(stream), doing="compiling thing")
    assert "compiling thing: failed" in stream.getvalue()
    assert not output_folder("thing", "key").exists()


def test_a_digest_changes_with_a_files_name_and_with_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    before = digest(tmp_path)
    (tmp_path / "a").rename(tmp_path / "b")
    renamed = digest(tmp_path)
    (tmp_path / "b").write_text("2")
    assert len({before, renamed, digest(tmp_path)}) == 3
    assert digest("ab", "c") != digest("a", "bc")
