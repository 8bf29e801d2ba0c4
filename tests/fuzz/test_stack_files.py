"""Whatever bytes a stack file has, it is read in bounded time, or an error names file and mend."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from shimyard.errors import ShimyardError
from shimyard.settings.__main__ import main
from shimyard.settings.stackfile import read_stack_file
from shimyard.settings.yamlfile import MAX_NODES, YamlError, read_yaml
from tests.fuzz.answers import answer, untouched
from tests.fuzz.places import at, places
from tests.fuzz.profile import cases
from tests.fuzz.texts import encodable, one_of

STACKS = Path(__file__).parents[2] / "stacks"
LINES = {name: (STACKS / f"Pulumi.{name}.yaml").read_text().splitlines() for name in ("lab", "dev")}
WHOLE = (STACKS / "Pulumi.edge-production.yaml").read_bytes()

VALUES = [
    "", "~", "null", "[]", "{}", "{", "}", "]", "'", '"', "|", ">", ">-", "- a", "? a", "a: b",
    "*a", "&a x", "&a [*a]", "&a {b: *a}", "!!python/object/apply:os.system ['true']",
    "!!python/name:os.system", "!!python/object/new:type [x]", "!!binary aGk=", "!!set {a, b}",
    "!!omap [a: 1, b: 2]", "!!pairs [a: 1]", "!!timestamp x", "!!int ''", "!!float ''",
    "!!bool perhaps", "!!null x", "!!str 1", "!!map x", "!!seq x", "!mine x", "!<%FF> x",
    "1_000", "0b101", "0o17", "017", "0x" + "f" * 5_000, "9" * 5_000, "1e400", ".inf", ".nan",
    ":".join(["1"] * 300) + ".5", "190:20:30", "2026-13-45", "2026-01-01T00:00:00+99:99", "=",
    "yes", "off", "<<", "<<: *a", '"\\ud800"', '"\\UFFFFFFFF"', '"\\0"', '"\\e[2J"', "\t", "\x00",
    "\ufeff", "\u2028", "\x85", "{secure: x}", "{secure: {secure: x}}", "[" * 100, "{a: " * 100,
    "x" * 20_000, "- " * 100, "%YAML 9.9", "---", "...", "# x", "@x", "`x",
]  # fmt: skip


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz") / "Pulumi.fuzz.yaml"


def read(path: Path, content: bytes) -> Any:
    path.write_bytes(content)
    return answer(lambda: read_stack_file(path), ShimyardError)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A real stack file with a few lines that are deleted, doubled, moved or given a new value."""
    lines = list(LINES[draw(st.sampled_from(sorted(LINES)))])
    for _ in range(draw(st.integers(1, 4))):
        where = draw(st.integers(0, len(lines) - 1))
        change = draw(st.integers(0, 7))
        value = draw(st.one_of(one_of(VALUES), encodable))
        if change == 0 and len(lines) > 1:
            del lines[where]
        elif change == 1:
            lines.insert(where, lines[draw(st.integers(0, len(lines) - 1))])
        elif change == 2:
            lines[where] = " " * draw(st.integers(0, 8)) + lines[where].lstrip()
        elif change == 3:
            lines.insert(where, value)
        elif change == 4:
            lines[where] = f"{lines[where]} {value}"
        elif change == 5:
            lines[where] = lines[where][: draw(st.integers(0, len(lines[where])))]
        else:
            lines[where] = f"{lines[where].partition(':')[0]}: {value}"
    return "\n".join(lines) + "\n"


@cases(1_500)
@given(mutated())
def test_a_stack_file_with_mistakes_gets_a_message(path: Path, text: str) -> None:
    read(path, text.encode())


@cases(300)
@given(st.binary(max_size=40), st.integers(0, len(WHOLE)), st.integers(0, 200))
def test_a_damaged_stack_file_gets_a_message(
    path: Path, content: bytes, start: int, length: int
) -> None:
    read(path, WHOLE[:start][-2_000:] + content + WHOLE[start + length :][:2_000])


@cases(400)
@given(st.binary(max_size=80))
def test_bytes_that_are_no_text_get_a_message(path: Path, content: bytes) -> None:
    read(path, content)


@cases(1_200)
@given(
    st.one_of(
        st.text(alphabet="ab:-[]{}&*!|>'\"#%?<,=~ \n\t01.", max_size=60),
        st.lists(one_of(VALUES), max_size=8).map("\n".join),
        st.lists(st.tuples(st.sampled_from("abc"), one_of(VALUES)), max_size=5).map(
            lambda pairs: "".join(f"{key}: {value}\n" for key, value in pairs)
        ),
    )
)
def test_what_is_read_is_what_the_text_says(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="")
    read = answer(lambda: read_yaml(path), YamlError)
    if isinstance(read, YamlError):
        assert read.path == path
    else:
        assert repr(read) == repr(yaml.safe_load(text))


@cases(500)
@given(st.data())
def test_a_document_that_others_read_is_refused_for_a_stated_reason_only(
    path: Path, data: st.DataObject
) -> None:
    """Anchors, aliases and merge keys, at any depth, overridden and merged again."""
    count, lines = 0, ["a0: &a0 {k: 1, l: 2}"]
    for count in range(1, data.draw(st.integers(1, 6)) + 1):
        merged = data.draw(st.integers(0, count - 1))
        own = data.draw(st.sampled_from(["k: 3", "m: 4", "n: {o: 5}", f"p: *a{merged}"]))
        deep = data.draw(st.booleans())
        table = f"&a{count} {{<<: *a{merged}, {own}}}"
        lines.append(f"a{count}: " + (f"{{x: {{y: {table}}}}}" if deep else table))
    text = "\n".join(lines) + "\n"
    path.write_text(text, encoding="utf-8")
    assert read_yaml(path) == yaml.safe_load(text)


@cases(100)
@given(st.integers(2, 12), st.integers(2, 6), st.booleans(), st.booleans())
def test_a_bomb_of_aliases_is_refused_before_it_grows(
    path: Path, width: int, levels: int, tables: bool, merges: bool
) -> None:
    below = ", ".join(f"k{n}: *a0" if tables else "*a0" for n in range(width))
    lines = ["a0: &a0 {k: v}" if tables else "a0: &a0 [x]"]
    for level in range(1, levels):
        inner = below.replace("*a0", f"*a{level - 1}")
        merge = f"<<: *a{level - 1}, " if merges and tables else ""
        lines.append(f"a{level}: &a{level} " + (f"{{{merge}{inner}}}" if tables else f"[{inner}]"))
    text = "config:\n  shimyard:runtime:\n    " + "\n    ".join(lines)
    answered = read(path, text.encode())
    if width ** (levels - 1) > MAX_NODES:
        assert isinstance(answered, YamlError)


@cases(200)
@given(
    st.recursive(
        st.just("x"), lambda inner: st.dictionaries(st.text("abc\u00e4 ", max_size=3), inner)
    ).filter(lambda value: isinstance(value, dict) and value),
    st.data(),
)
def test_a_key_that_stands_twice_is_always_refused(
    path: Path, value: Any, data: st.DataObject
) -> None:
    tables = [(), *(place for place in places(value) if isinstance(at(value, place), dict))]
    table = at(value, data.draw(st.sampled_from([place for place in tables if at(value, place)])))
    key = data.draw(st.sampled_from(sorted(table)))
    table["AGAIN"] = "y"
    text = json.dumps(value).replace('"AGAIN"', json.dumps(key))
    path.write_text(text, encoding="utf-8")
    with pytest.raises(YamlError, match="stands twice"):
        read_yaml(path)


LARGE = [
    "x" * 500_000, "a: |\n" + "  x\n" * 150_000, "# x\n" * 200_000, "'" * 500_000,
    "- " * 50_000, "[" * 50_000, "a:\n " * 40_000, "? " * 50_000, "&a " * 50_000,
    "- a\n" * 30_000, "{a: " * 20_000, "!!x " * 50_000, "x" * 1_100_000, "\n" * 900_000,
    "a: " + "9" * 900_000, "a: " + "1:" * 300_000 + "1", "a: 0x" + "f" * 500_000,
    "a: " + "-" * 500_000, "".join(f"k{n}: 1\n" for n in range(15_000)),
    "config:\n" + "".join(f"  shimyard:{n}: 1\n" for n in range(9_000)),
    "config:\n  shimyard:nodes: [" + "{}, " * 9_000 + "]",
    "config:\n  shimyard:runtime: {" + ", ".join(f"k{n}: 1" for n in range(9_000)) + "}",
]  # fmt: skip


@cases(40)
@given(one_of(LARGE), st.sampled_from(["", "\ufeff", "config:\n  ", "a: "]))
def test_a_large_file_is_answered_at_once(path: Path, text: str, before: str) -> None:
    read(path, (before + text).encode())


@cases(300)
@given(st.lists(mutated(), max_size=2), st.sampled_from([[], ["none.yaml"], ["."], ["/dev/null"]]))
def test_the_check_command_exits_1_with_a_message(
    path: Path, capsys: pytest.CaptureFixture[str], texts: list[str], more: list[str]
) -> None:
    files = []
    for number, text in enumerate(texts):
        files.append(path.with_name(f"Pulumi.{number}.yaml"))
        files[-1].write_text(text, encoding="utf-8", newline="")
    arguments = ["check", *map(str, files), *more]
    if len(arguments) == 1:
        return
    with untouched():
        code = main(arguments)
    printed = capsys.readouterr()
    lines = printed.err.splitlines()
    mends = sum(line.startswith("  mend: ") for line in lines)
    assert code == (1 if mends else 0)
    assert mends >= len(more)
    assert "Traceback" not in printed.err
