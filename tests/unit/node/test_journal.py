"""The node's journal tells what happened, also when it ends in the middle."""

from __future__ import annotations

import pytest

from shimyard.node.journal import Journal

OK = """\
step\t1\tbegin\tclock\t3
step\t1\tprepare\tfile\t/etc/x
undo\tpath\t/etc/x\thad
step\t2\tswitch\tcanary\trunc
canary\trunc\tpassed\t120
step\t2\tcommit\tclock\t3
committed\t3
step\t2\tfinish\tcurrent\tclock
result\tok\t3
exit\t0
"""
FAILED = """\
step\t1\tbegin\tclock\t3
step\t1\tswitch\trestart\tclock.service
log\tclock.service\tno\twheels
failed\tswitch\trestart\tclock.service\tclock.service does not start
restoring\t3
step\t1\trestore\tpaths\tclock
restored\t3
result\tfailed\t3
exit\t1
"""


def test_a_committed_transaction_is_told() -> None:
    journal = Journal.parse(OK)
    assert (journal.outcome, journal.generation, journal.failed) == ("ok", 3, None)
    assert journal.canaries == (("runc", 120),)
    assert journal.steps[1] == ("prepare", "file", "/etc/x")
    assert not journal.restored


def test_a_failed_one_names_step_reason_and_log() -> None:
    journal = Journal.parse(FAILED)
    assert journal.outcome == "failed"
    assert journal.failed == (
        "switch", "restart", "clock.service", "clock.service does not start"
    )  # fmt: skip
    assert journal.log == ("clock.service: no: wheels",)
    assert journal.restored
    assert journal.last_step == ("switch", "restart", "clock.service")


def test_what_could_not_be_restored_is_not_called_restored() -> None:
    assert not Journal.parse(FAILED.replace("restored\t3", "unrestored\tpaths")).restored
    both = FAILED.replace("restored\t3", "unrestored\tservices\nrestored\t3")
    assert not Journal.parse(both).restored


def test_a_transaction_that_never_began_has_changed_nothing() -> None:
    journal = Journal.parse("refused\tUnit was already loaded\nexit\t1\n")
    assert (journal.outcome, journal.restored) == ("refused", True)
    assert journal.refusal == "Unit was already loaded"
    assert Journal.parse("").restored
    assert Journal.parse("").last_step == ()


@pytest.mark.parametrize("text", [OK, FAILED])
def test_cut_off_anywhere_it_can_be_read_and_is_never_called_done(text: str) -> None:
    end = text.index("result")
    for length in range(len(text)):
        journal = Journal.parse(text[:length])
        if length <= end + len("result\tok\t3"):
            assert journal.outcome == "unknown"
        if text is OK and "begin" in text[:length].rpartition("\n")[0]:
            assert not journal.restored


def test_after_a_recovery_the_first_result_counts() -> None:
    assert Journal.parse(OK.replace("exit", "result\tcut-off\t3\nexit")).outcome == "ok"
    torn = "step\t1\tbegin\tclock\t3\nundo\tpa\n\nrestoring\t3\nrestored\t3\nresult\tcut-off\t3\n"
    assert Journal.parse(torn).outcome == "cut-off"
    assert Journal.parse(torn).restored


@pytest.mark.parametrize(
    "line",
    [
        "canary\trunc",
        "canary\trunc\tpassed\tsoon",
        "result\tok\tmany",
        "step",
        "step\t1",
        "result\tok\t\u00b2",
    ],
)
def test_a_damaged_line_is_no_result_and_no_traceback(line: str) -> None:
    journal = Journal.parse(f"{line}\n")
    assert (journal.outcome, journal.canaries) == ("unknown", ())
