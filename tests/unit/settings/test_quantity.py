"""Quantities mean what Kubernetes takes them for, and nothing else is one."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shimyard.settings.quantity import parse_quantity

# Values as kubectl and the API server read them (apimachinery's resource package).
KNOWN: list[tuple[str, Fraction]] = [
    ("0", Fraction(0)),
    ("1", Fraction(1)),
    ("0.5", Fraction(1, 2)),
    (".5", Fraction(1, 2)),
    ("5.", Fraction(5)),
    ("10m", Fraction(1, 100)),
    ("1500m", Fraction(3, 2)),
    ("5u", Fraction(5, 10**6)),
    ("7n", Fraction(7, 10**9)),
    ("1k", Fraction(1000)),
    ("2Ki", Fraction(2048)),
    ("64Mi", Fraction(64 * 1024**2)),
    ("64M", Fraction(64 * 1000**2)),
    ("1.5Gi", Fraction(3 * 1024**3, 2)),
    ("1E", Fraction(10**18)),
    ("1e3", Fraction(1000)),
    ("1E3", Fraction(1000)),
    ("12e-1", Fraction(6, 5)),
    ("7Ei", Fraction(7 * 1024**6)),
]


@pytest.mark.parametrize(("text", "value"), KNOWN)
def test_a_quantity_is_worth_what_kubernetes_says(text: str, value: Fraction) -> None:
    assert parse_quantity(text) == value


@pytest.mark.parametrize(
    "text",
    ["", ".", "m", "Mi", "-1", "+1", "1 Mi", "1mi", "1K", "1ki", "0x10", "1e", "1e+", "1_0", "1,5",
     "1.5.2", "inf", "NaN", "1MiB", "\u0661", "1\n", "8Ei", "1e19", "1e99", "9" * 40],
)  # fmt: skip
def test_what_is_no_quantity_is_refused_with_a_mend(text: str) -> None:
    with pytest.raises(ValueError, match=r"write"):
        parse_quantity(text)


SUFFIXES = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15}


@given(
    st.integers(0, 10**6),
    st.integers(0, 999),
    st.sampled_from(sorted(SUFFIXES)),
)
def test_decimal_suffixes_are_powers_of_ten(whole: int, thousandths: int, suffix: str) -> None:
    text = f"{whole}.{thousandths:03}"
    expected = Fraction(Decimal(text)) * Fraction(10) ** SUFFIXES[suffix]
    if expected < 2**63:
        assert parse_quantity(text + suffix) == expected
        exponent = f"e{SUFFIXES[suffix]}"
        assert parse_quantity(text + exponent) == expected


@given(st.integers(0, 1023), st.integers(1, 5))
def test_a_binary_unit_is_1024_of_the_one_below(number: int, power: int) -> None:
    units = ["", "Ki", "Mi", "Gi", "Ti", "Pi"]
    larger, smaller = units[power], units[power - 1]
    assert parse_quantity(f"{number}{larger}") == parse_quantity(f"{number * 1024}{smaller}")


@given(st.text(alphabet="0123456789.eE+-KMGTPEimnuk ", max_size=12))
def test_a_text_is_a_quantity_that_is_not_negative_or_gets_a_mend(text: str) -> None:
    problem, value = "", Fraction(0)
    try:
        value = parse_quantity(text)
    except ValueError as error:
        problem = str(error)
    assert "write" in problem or not problem
    assert 0 <= value < 2**63
