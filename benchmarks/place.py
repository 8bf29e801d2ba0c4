"""Where the benchmarks' own lab is, beside any other lab of this machine."""

from __future__ import annotations

from ipaddress import IPv4Network
from pathlib import Path
from typing import Final

from lab.instance import Lab

SUBNET: Final = IPv4Network("10.233.200.0/24")
NAME: Final = "bench0"


def lab_in(folder: Path, nodes: int) -> Lab:
    """A lab with its state below ``folder``, not up yet."""
    return Lab(folder / "lab", NAME, SUBNET, nodes)
