"""What a user sees of a program's error."""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import get_type_hints

import pytest

from toolchain.language_host import program
from toolchain.language_host.program import SHOWN, user_traceback


def test_a_traceback_begins_at_the_users_own_code(tmp_path: Path) -> None:
    script = tmp_path / "__main__.py"
    script.write_text("def dig():\n    raise ValueError('no shim')\n\ndig()\n")
    with pytest.raises(ValueError, match="no shim") as caught:
        runpy.run_path(str(script), run_name="__main__")
    # As the host catches it: without this test's own frame.
    assert caught.value.__traceback__ is not None
    error = caught.value.with_traceback(caught.value.__traceback__.tb_next)
    lines = user_traceback(error).splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert f'File "{script}", line 4' in lines[1]
    assert lines[-1] == "ValueError: no shim"
    assert "runpy" not in "\n".join(lines)


def test_a_python_without_the_sdk_is_named_in_one_message(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    order = {"program": str(tmp_path), "args": [], "pwd": str(tmp_path)}
    os.write(writer, json.dumps(order).encode() + b"\n")
    command = [sys.executable, "-I", "-S", str(program.__file__), str(reader)]
    result = subprocess.run(
        command, pass_fds=(reader,), capture_output=True, text=True, check=False, timeout=10
    )
    os.close(reader)
    os.close(writer)
    assert result.returncode == SHOWN
    assert "has no Pulumi SDK" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_program_ends_with_its_host(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    (tmp_path / "pulumi.py").write_text(
        "import time\nprint('imported', flush=True)\ntime.sleep(600)\n"
    )
    order = {"program": str(tmp_path), "args": [], "pwd": str(tmp_path)}
    os.write(writer, json.dumps(order).encode() + b"\n")
    command = [sys.executable, "-S", str(program.__file__), str(reader)]
    with subprocess.Popen(command, pass_fds=(reader,), stdout=subprocess.PIPE) as process:
        os.close(reader)
        assert process.stdout is not None
        assert process.stdout.readline() == b"imported\n"
        os.close(writer)
        try:
            assert process.wait(timeout=5) == 1
        finally:
            process.kill()


def test_type_hints_of_a_program_s_classes_are_known_after_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = (
        "from __future__ import annotations\nimport decimal\n"
        "class Sized:\n    size: decimal.Decimal\n"
    )
    (tmp_path / "__main__.py").write_text(source)
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    program._execute(tmp_path)
    sized = vars(sys.modules["__main__"])["Sized"]
    assert get_type_hints(sized) == {"size": Decimal}
