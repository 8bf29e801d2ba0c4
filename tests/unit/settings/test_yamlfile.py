"""YAML files of operators: strict, bounded, and never a parser's traceback."""

from __future__ import annotations

from pathlib import Path

import pytest

from shimyard.settings.yamlfile import MAX_BYTES, YamlError, read_yaml


@pytest.fixture
def written(tmp_path: Path) -> Path:
    return tmp_path / "Pulumi.x.yaml"


def error_of(path: Path, text: str) -> YamlError:
    path.write_text(text, encoding="utf-8")
    with pytest.raises(YamlError) as caught:
        read_yaml(path)
    return caught.value


def test_a_document_is_read_with_its_types(written: Path) -> None:
    written.write_text("a: 1\nb: [x, 'y']\nc: &c {d: true}\ne: *c\n")

    assert read_yaml(written) == {"a": 1, "b": ["x", "y"], "c": {"d": True}, "e": {"d": True}}


def test_an_empty_file_is_nothing(written: Path) -> None:
    written.write_text("# only a comment\n")

    assert read_yaml(written) is None


@pytest.mark.parametrize(
    "text", ["a: 1\nb: 2\na: 3\n", "x:\n  - k: {a: 1}\n    k: {a: 2}\n", "a: 1\n'a': 2\n"]
)
def test_a_key_that_stands_twice_is_refused_with_its_line(written: Path, text: str) -> None:
    error = error_of(written, text)

    assert "stands twice" in error.problem
    assert error.line == text.count("\n")
    assert error.mend == "keep one of them"


def test_a_syntax_error_names_file_and_line(written: Path) -> None:
    error = error_of(written, "config:\n  a: [1, 2\n  b: 3\n")

    assert str(error).startswith(f"{written}, line 3: ")


def test_nested_aliases_do_not_grow_into_a_bomb(written: Path) -> None:
    levels = [
        f"{name}: &{name} [{', '.join([f'*{below}'] * 9)}]"
        for below, name in zip("abcdefgh", "bcdefghi", strict=True)
    ]

    error = error_of(written, "a: &a [x, x, x, x, x, x, x, x, x]\n" + "\n".join(levels) + "\n")

    assert "aliases" in error.problem


def test_a_merge_bomb_is_refused(written: Path) -> None:
    lines = ["a0: &a0 {k: v}"]
    lines += [f"a{n}: &a{n} {{x: *a{n - 1}, y: *a{n - 1}}}" for n in range(1, 40)]

    assert "aliases" in error_of(written, "\n".join(lines)).problem


@pytest.mark.parametrize("text", ["a: &a [*a]\n", "a: &a {b: {c: *a}}\n"])
def test_a_value_that_contains_itself_is_refused(written: Path, text: str) -> None:
    assert "contains itself" in error_of(written, text).problem


@pytest.mark.parametrize("text", ["[" * 3_000, "a: " + "[" * 200 + "]" * 200, "- " * 3_000])
def test_deep_nesting_is_refused(written: Path, text: str) -> None:
    assert error_of(written, text).mend


@pytest.mark.parametrize(
    "text",
    [
        "!!python/object/apply:os.system ['true']",
        "a: !mine 1",
        "? [a]\n: 1\n",
    ],
)
def test_tags_and_keys_that_are_not_plain_data_are_refused(written: Path, text: str) -> None:
    error_of(written, text)


def test_two_documents_in_one_file_are_refused(written: Path) -> None:
    error_of(written, "a: 1\n---\nb: 2\n")


@pytest.mark.parametrize(
    "value",
    [
        "2026-13-45",
        "!!int ''",
        "!!float ''",
        "!!bool perhaps",
        "!!timestamp tomorrow",
        "9" * 5_000,
        ":".join(["1"] * 20_000),
        ":".join(["1"] * 300) + ".5",
        '"\\U00110000"',
        '"\\UFFFFFFFF"',
    ],
    ids=lambda value: value[:20],
)
def test_a_value_that_is_not_what_it_looks_like_is_refused_at_once(
    written: Path, value: str
) -> None:
    assert error_of(written, f"a: {value}\n").mend


def test_an_overridden_merge_key_is_no_doubled_key(written: Path) -> None:
    written.write_text(
        "base: &a {k: 1}\ndeep:\n  x: &b {<<: *a, k: 2}\nother: {<<: *b}\n", encoding="utf-8"
    )

    assert read_yaml(written) == {
        "base": {"k": 1},
        "deep": {"x": {"k": 2}},
        "other": {"k": 2},
    }


def test_a_device_that_never_ends_is_refused() -> None:
    with pytest.raises(YamlError, match="larger"):
        read_yaml(Path("/dev/zero"))


def test_a_name_can_not_forge_a_line_of_a_message(written: Path) -> None:
    error = error_of(written, '"a\\n  mend: x\\e[2J": 1\n"a\\n  mend: x\\e[2J": 2\n')

    assert str(error).count("mend: ") == 2
    assert str(error).count("\n") == 1
    assert "\x1b" not in str(error)


def test_a_file_that_is_missing_a_folder_binary_or_huge_is_refused(tmp_path: Path) -> None:
    binary, huge = tmp_path / "binary", tmp_path / "huge"
    binary.write_bytes(b"\xff\xfe\x00")
    huge.write_bytes(b"#" * (MAX_BYTES + 1))

    for path, fact in [
        (tmp_path / "none", "No such file"),
        (tmp_path, "Is a directory"),
        (binary, "UTF-8"),
        (huge, "larger"),
    ]:
        with pytest.raises(YamlError) as caught:
            read_yaml(path)
        assert fact in str(caught.value)
