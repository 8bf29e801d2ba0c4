"""Nothing that the host started outlives it."""

from __future__ import annotations

import subprocess
import sys
import time

from toolchain.language_host import children
from toolchain.language_host.children import Children

STUBBORN = (
    "import signal,time; signal.signal(15, signal.SIG_IGN); print(1, flush=True); time.sleep(5)"
)


def test_every_process_is_ended_also_one_that_is_added_too_late() -> None:
    family = Children()
    first = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(99)"])
    family.add(first)
    family.end_all()
    late = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(99)"])
    family.add(late)
    assert (first.poll(), late.poll()) == (-15, -15)


def test_a_process_that_ignores_sigterm_is_killed() -> None:
    started = time.monotonic()
    with subprocess.Popen([sys.executable, "-c", STUBBORN], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        family = Children(grace=0.1)
        family.end(process)
    assert process.returncode == -9
    assert time.monotonic() - started < children.GRACE_SECONDS
