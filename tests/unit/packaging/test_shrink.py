"""Shrinking replaces core modules, wherever they are, and leaves all else of a component alone."""

from __future__ import annotations

import pytest

from shimyard.packaging import ShrinkError, shrink

MODULE = b"\0asm\x01\0\0\0"
COMPONENT = b"\0asm\x0d\0\x01\0"
LARGE = MODULE + b"x" * 300
SMALL = MODULE + b"y"


def section(number: int, content: bytes) -> bytes:
    """With the size in LEB128, as short as it can be."""
    size, octets = len(content), bytearray()
    while size >= 0x80:
        octets.append(size & 0x7F | 0x80)
        size >>= 7
    return bytes([number, *octets, size]) + content


def named(name: bytes, content: bytes = b"") -> bytes:
    return section(0, bytes([len(name)]) + name + content)


def to_small(_module: bytes) -> bytes:
    return SMALL


def test_a_module_is_what_the_optimizer_makes_of_it() -> None:
    assert shrink(LARGE, to_small) == SMALL


def test_what_would_grow_stays_as_it_is() -> None:
    assert shrink(MODULE, to_small) == MODULE
    component = COMPONENT + section(1, MODULE)
    assert shrink(component, to_small) == component


def test_core_modules_are_replaced_also_in_components_in_it_and_the_rest_stays() -> None:
    def component(module: bytes) -> bytes:
        inner = COMPONENT + section(7, b"types") + section(1, module)
        return (
            COMPONENT + section(7, b"t" * 200) + section(1, module) + section(4, inner)
            + named(b"package-docs", b"kept") + section(11, b"exports")
        )  # fmt: skip

    assert shrink(component(LARGE), to_small) == component(SMALL)


def test_names_for_debuggers_and_producers_go() -> None:
    kept = named(b"component-name")
    component = COMPONENT + named(b"name", b"abc") + kept + named(b"producers", b"rustc")
    assert shrink(component, to_small) == COMPONENT + kept


@pytest.mark.parametrize(
    "wasm", [b"", b"\x7fELF\x02\x01\x01\xc8", b"\0asm\x0c\0\x01\0", b"(module)"]
)
def test_what_is_no_program_is_refused(wasm: bytes) -> None:
    with pytest.raises(ShrinkError, match="neither a WebAssembly module nor a component"):
        shrink(wasm, to_small)


@pytest.mark.parametrize("cut", [9, 10, 100, 310])
def test_a_component_that_is_cut_off_is_refused(cut: int) -> None:
    whole = COMPONENT + section(1, LARGE)
    with pytest.raises(ShrinkError, match="in the middle of a section"):
        shrink(whole[:cut], to_small)


def test_a_size_that_never_ends_is_refused() -> None:
    with pytest.raises(ShrinkError, match="in the middle of a section"):
        shrink(COMPONENT + b"\x01" + b"\xff" * 50, to_small)
