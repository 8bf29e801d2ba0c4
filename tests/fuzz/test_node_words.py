"""Whatever a node prints, it is understood or refused in words."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from shimyard.node.facts import Facts
from shimyard.node.journal import Journal
from shimyard.node.plan import Plan
from shimyard.node.planning import plan
from shimyard.node.removal import removal
from tests.fuzz.profile import cases
from tests.fuzz.texts import one_of, texts
from tests.unit.node.k3s_states import agent, server
from tests.unit.node.states import runtime
from tests.unit.node.test_facts import TEXT
from tests.unit.node.test_journal import FAILED, OK

DESIRED = (runtime(), server(), agent())
KEYWORDS = sorted({line.split("\t")[0] for line in TEXT.splitlines()})
JOURNAL = sorted({line.split("\t")[0] for line in (OK + FAILED).splitlines()})
WORDS = [
    "", "-", "file", "link", "dir", "unit", "data", "store", "container-runtime", "runc", "-1",
    "0", "7", "lost", "held", "shim", "guest", "broken", "passed", "/etc/a b", "active", "masked",
    "containerd.service", "k3s.service", "k3s-server", "kubelet", "writable", "ok", "failed",
    "cut-off", "switch",
]  # fmt: skip
words = st.one_of(one_of(WORDS), texts.filter(lambda text: "\n" not in text))


def rows(keywords: list[str]) -> st.SearchStrategy[str]:
    """Lines with known keywords and any number of any words."""
    row = st.tuples(st.sampled_from(keywords), st.lists(words, max_size=8))
    return st.lists(row.map(lambda pair: "\t".join([pair[0], *pair[1]])), max_size=8).map("\n".join)


@st.composite
def damaged(draw: st.DrawFn, text: str) -> str:
    """``text`` with a piece of it cut out, doubled or overwritten."""
    start = draw(st.integers(0, len(text)))
    end = draw(st.integers(start, min(len(text), start + 80)))
    new = draw(st.one_of(texts, st.just(text[start:end] * 2), one_of(WORDS).map("\t{}\n".format)))
    return text[:start] + new + text[end:]


def planned(text: str) -> None:
    """Facts are refused by a ValueError, or a plan can be made of them."""
    try:
        facts = Facts.parse(text)
    except ValueError:
        return
    for resource in {"container-runtime", *facts.managed.manifests}:
        lines_of(removal, resource, facts)
    for desired in DESIRED:
        lines_of(plan, desired, facts)


def lines_of(make: Callable[..., Plan], *arguments: object) -> None:
    try:
        for operation in make(*arguments).operations:
            operation.line()
    except ValueError:
        # Another resource's path, or a word that no plan can carry.
        return


@cases(900)
@given(rows(KEYWORDS))
def test_any_facts_are_planned_with_or_refused(text: str) -> None:
    planned(f"{text}\nend\n")


@cases(600)
@given(damaged(TEXT))
def test_damaged_facts_are_planned_with_or_refused(text: str) -> None:
    planned(text)


@cases(300)
@given(st.binary(max_size=200))
def test_bytes_instead_of_facts_are_refused(content: bytes) -> None:
    planned(content.decode(errors="replace"))
    planned(content.decode(errors="replace") + "\nend\n")


@cases(700)
@given(st.one_of(rows(JOURNAL), damaged(OK), damaged(FAILED), texts))
def test_any_journal_is_read_and_none_is_called_done_by_mistake(text: str) -> None:
    journal = Journal.parse(text)
    assert journal.outcome != "ok" or "result\tok\t" in text
    assert isinstance(journal.last_step, tuple)
