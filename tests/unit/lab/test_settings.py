"""A lab's settings refuse what can't work before anything is made."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest

from lab.errors import SettingsError
from lab.settings import LabSettings

FOLDER = Path("/srv/lab")


def test_nodes_have_the_addresses_that_stack_files_name() -> None:
    settings = LabSettings(FOLDER, nodes=3)
    assert settings.gateway == IPv4Address("10.213.0.1")
    assert [(name, str(settings.address_of(name))) for name in settings.node_names] == [
        ("edge-1", "10.213.0.11"),
        ("edge-2", "10.213.0.12"),
        ("edge-3", "10.213.0.13"),
    ]


def test_the_link_of_the_last_node_has_a_name_that_linux_takes() -> None:
    settings = LabSettings(FOLDER, name="ninechars", nodes=99)
    assert len(settings.interface_of("edge-99")) <= 15


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"folder": Path("relative")}, "the state folder"),
        ({"folder": Path("/srv/a:b")}, "the state folder"),
        ({"folder": Path("/srv/a b")}, "the state folder"),
        ({"name": "Shimyard"}, "the name"),
        ({"name": "tencharsxx"}, "the name"),
        ({"name": "../up"}, "the name"),
        ({"nodes": 100}, "the number of nodes"),
        ({"nodes": -1}, "the number of nodes"),
        ({"subnet": IPv4Network("10.213.0.0/28"), "nodes": 5}, "the subnet"),
        ({"subnet": IPv4Network("9.9.9.0/24")}, "the subnet"),
    ],
)
def test_settings_that_cannot_work_are_refused_by_name(
    changed: dict[str, object], field: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        LabSettings(**{"folder": FOLDER, **changed})  # type: ignore[arg-type]
    assert refused.value.field == field
