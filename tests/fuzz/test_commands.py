"""Whatever arguments and files the commands get, they end with a code and a sentence."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shimyard.catalogue.__main__ import main as catalogue
from shimyard.settings.__main__ import main as settings
from tests.fuzz.profile import cases
from tests.fuzz.texts import one_of, texts

PROJECT = Path(__file__).parents[2]
# Nobody listens on the port of this mirror.
NOBODY = "http://127.0.0.1:9"
DEV = "stacks/Pulumi.dev.yaml"
FILES = {
    "junk": b"\xff\xfe\x00",
    "empty": b"",
    "text": b"config: [",
    "list.json": b"[]",
    "lock.json": b'{"version": 1, "artifacts": []}',
    "bomb": b"a: &a [x]\n" + b"b: [*a, *a, *a]\n" * 3,
    "stack": (PROJECT / DEV).read_bytes(),
}
words = texts.filter(lambda text: "\0" not in text and _encodes(text) and len(text) < 200)


def _encodes(text: str) -> bool:
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        return False
    return True


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("fuzz")
    for name, content in FILES.items():
        (made / name).write_bytes(content)
    return made


def ended(
    main: Callable[[Sequence[str]], int], arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> int:
    """The exit code; a failure has said something, and never with a traceback."""
    try:
        code = main(arguments)
    except SystemExit as end:
        code = int(end.code or 0)
    printed = capsys.readouterr()
    assert "Traceback" not in printed.err
    assert code == 0 or printed.err.strip() or printed.out.strip()
    return code


@cases(250)
@given(
    st.sampled_from(["check", "nothing", "", "-x", "--help"]),
    st.lists(st.one_of(words, st.sampled_from([*FILES, "none", "."])), max_size=3),
)
def test_the_settings_command_ends_in_words(
    folder: Path, capsys: pytest.CaptureFixture[str], command: str, files: list[str]
) -> None:
    arguments = [command, *(str(folder / name) if name in FILES else name for name in files)]
    code = ended(settings, arguments, capsys)
    if not {"-h", "--help"} & set(arguments) and set(files) != {"stack"}:
        assert code != 0


@cases(350)
@given(
    st.tuples(st.sampled_from(["list", "verify", "bundle", "lock"]), one_of(sorted(FILES))),
    st.lists(words, min_size=1, max_size=2),
    st.lists(
        st.one_of(
            st.tuples(st.sampled_from(["--arch", "--sha256", "--url", "--file"]), words),
            st.tuples(st.just("--checksum-source"), words),
        ),
        max_size=2,
    ),
)
def test_the_catalogue_command_ends_in_words(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    chosen: tuple[str, str],
    names: list[str],
    more: list[tuple[str, str]],
) -> None:
    command, file = chosen
    path, mirror = str(folder / file), ["--mirror", NOBODY]
    options = {
        "list": ["--lock", path, "--", *names[:1]],
        "verify": ["--lock", path, *mirror, "--", *names],
        "bundle": ["--stack", path, "--output", str(folder / "out"), *mirror],
        "lock": [*(word for pair in more for word in pair), "--lock", path, *mirror, "--", *names],
    }
    before = (folder / file).read_bytes()
    code = ended(catalogue, [command, *options[command]], capsys)
    assert (folder / file).read_bytes() == before
    if command == "lock" or (command == "bundle" and file != "stack"):
        assert code != 0


@pytest.mark.parametrize("module", ["shimyard.settings", "shimyard.catalogue"])
@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nothing"],
        ["check", "/dev/zero"],
        ["check", "\udcff\udcfe"],
        ["check", "\x1b[2J"],
        ["list", "--lock", "/dev/zero"],
        ["bundle", "--stack", "/dev/null", "--output", "/dev/null/x"],
        ["bundle", "--stack", DEV, "--output", "/dev/null/x", "--mirror", NOBODY],
        ["verify", "--lock", "/"],
        ["lock", "../x", "1.0.0", "--mirror", NOBODY, "--lock", "/dev/null/x"],
    ],
    ids=" ".join,
)
def test_a_real_command_ends_in_words(module: str, arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=PROJECT,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode != 0
    assert done.stderr
    assert b"Traceback" not in done.stderr
    assert b"\x1b" not in done.stderr
