"""The lab's bridge stays off networks that are in use."""

from __future__ import annotations

import shutil
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from lab.errors import SubnetTakenError
from lab.network import owner_mark, refuse_overlap
from lab.settings import LabSettings


@pytest.mark.skipif(shutil.which("ip") is None, reason="needs iproute2")
def test_a_subnet_in_use_is_refused_with_the_interface_that_has_it() -> None:
    settings = LabSettings(Path("/srv/lab"), subnet=IPv4Network("127.5.0.0/24"))
    with pytest.raises(SubnetTakenError) as refused:
        refuse_overlap(settings)
    assert refused.value.interface == "lo"
    assert "--subnet" in str(refused.value)


def test_two_labs_never_take_each_others_bridge_for_their_own() -> None:
    marks = {owner_mark(Path(f"/srv/lab{number}")) for number in range(50)}
    assert len(marks) == 50
    # Locally administered and not multicast, or Linux refuses it.
    assert all(int(mark[:2], 16) & 3 == 2 for mark in marks)
