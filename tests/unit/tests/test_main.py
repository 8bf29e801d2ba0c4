"""The runner of the suites leaves no test out and hides no failure."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import __main__ as runner

TESTS = Path(runner.__file__).parent


def test_each_module_of_the_tests_is_in_exactly_one_part() -> None:
    found: list[Path] = []
    for suite in runner.SUITES:
        for part in runner.parts(suite):
            path = TESTS / part
            found += [path] if path.is_file() else sorted(path.rglob("test_*.py"))
    assert sorted(found) == sorted(TESTS.rglob("test_*.py"))


@pytest.mark.parametrize("lanes", [1, 2])
def test_a_part_that_fails_is_told_with_its_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], lanes: int
) -> None:
    monkeypatch.setattr(runner, "_TESTS", tmp_path)
    for name, said in (("unit", "assert True"), ("program", "assert 'this' == 'that'")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "test_it.py").write_text(f"def test_it():\n    {said}\n")
    (tmp_path / "fuzz").mkdir()
    results = runner.run_suites(["unit", "program", "fuzz"], lanes=lanes)
    # Where there are no tests at all, something is wrong, too.
    assert [result.code for result in results] == [0, 1, 5]
    assert "assert 'this' == 'that'" in capfd.readouterr().out


def test_a_part_that_hangs_says_where_and_is_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(runner, "_TESTS", tmp_path)
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\nfaulthandler_timeout = 0.2\nfaulthandler_exit_on_timeout = true\n"
    )
    (tmp_path / "unit").mkdir()
    stuck = "import threading\n\ndef test_it():\n    threading.Event().wait()\n"
    (tmp_path / "unit" / "test_it.py").write_text(stuck)
    (result,) = runner.run_suites(["unit"], lanes=2)
    assert result.code != 0
    assert "in test_it" in capfd.readouterr().out
