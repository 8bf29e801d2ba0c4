"""Kubernetes quantities: '10m' of a processor, '64Mi' of memory.

The grammar is that of `k8s.io/apimachinery/pkg/api/resource`: a decimal number and one of the
suffixes n u m k M G T P E, Ki Mi Gi Ti Pi Ei, or an exponent such as e3. Signs are refused, since
nothing that is asked for here can be less than none.
"""

from __future__ import annotations

import math
import re
from fractions import Fraction
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

_QUANTITY = re.compile(
    r"(?P<number>\d{1,18}(?:\.\d{0,9})?|\.\d{1,9})"
    r"(?P<suffix>[KMGTPE]i|[numkMGTPE]|[eE](?P<exponent>[+-]?\d{1,2}))?",
    re.ASCII,
)
_SUFFIXES: dict[str, Fraction] = {
    "": Fraction(1),
    **{suffix: Fraction(1, 1000**power) for power, suffix in enumerate("mun", start=1)},
    **{suffix: Fraction(1000**power) for power, suffix in enumerate("kMGTPE", start=1)},
    **{f"{suffix}i": Fraction(1024**power) for power, suffix in enumerate("KMGTPE", start=1)},
}
_LARGEST = 2**63 - 1
_LEAST_BYTES = 1024
"""Fewer bytes than this are a forgotten unit: no process starts in them."""


def parse_quantity(text: str) -> Fraction:
    """The exact value of a quantity: '1.5Gi' -> 1610612736, '10m' -> 1/100.

    Raises ``ValueError`` with a mend for what is no quantity, is negative, or is beyond 2^63 - 1,
    where Kubernetes' own arithmetic ends.
    """
    found = _QUANTITY.fullmatch(text)
    if found is None:
        raise ValueError(
            "is not a quantity; write a number and a unit, like '10m' (of a processor) or '64Mi'"
        )
    if found["exponent"] is not None:
        unit = Fraction(10) ** int(found["exponent"])
    else:
        unit = _SUFFIXES[found["suffix"] or ""]
    value = Fraction(found["number"].removesuffix(".")) * unit
    if value > _LARGEST:
        raise ValueError("is beyond what Kubernetes can count (2^63 - 1); write a smaller one")
    return value


def _text(value: object) -> object:
    """A plain number of YAML as Kubernetes reads it: 2 is '2', 0.5 is '0.5'."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return value
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("should be a finite number")
    if isinstance(value, int) and abs(value) > _LARGEST:
        raise ValueError("is beyond what Kubernetes can count (2^63 - 1); write a smaller one")
    return str(value)


def _quantity(value: str) -> str:
    parse_quantity(value)
    return value


def _cpu(value: str) -> str:
    amount = parse_quantity(value)
    if value.endswith("i"):
        raise ValueError("has a unit of memory; write processors, like '0.5' or '500m'")
    if (amount * 1000).denominator != 1:
        raise ValueError("is finer than 1m, which Kubernetes refuses; write whole milli-CPUs")
    return value


def _memory(value: str) -> str:
    amount = parse_quantity(value)
    if value.endswith(("m", "u", "n")):
        raise ValueError("is a fraction of bytes ('m' is milli); write '64Mi' for mebibytes")
    if amount.denominator != 1:
        raise ValueError("is no whole number of bytes; write it in a smaller unit")
    if 0 < amount < _LEAST_BYTES:
        raise ValueError("is less than 1 KiB; write a unit, like '64Mi'")
    return value


_Number = BeforeValidator(_text, json_schema_input_type=str | int | float)

Quantity = Annotated[str, _Number, AfterValidator(_quantity), Field(max_length=32)]
"""Any amount of any resource: '10', '500m', '20Gi'."""

CpuQuantity = Annotated[str, _Number, AfterValidator(_cpu), Field(max_length=32)]
"""Processors: '0.5' or '500m'; not finer than 1m."""

MemoryQuantity = Annotated[str, _Number, AfterValidator(_memory), Field(max_length=32)]
"""Bytes of memory or disk: '64Mi' (binary) or '64M' (decimal)."""
