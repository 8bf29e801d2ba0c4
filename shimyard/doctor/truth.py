"""The truth table: for each node and handler, every link from the shim to the last canary.

Pure: facts and settings in, rows out. The links are in the order in which a pod needs them, so
that the first one that is broken is the one to mend.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from shimyard.doctor import cluster_links, node_links
from shimyard.doctor.examination import Examination
from shimyard.doctor.links import LINKS, Link


@dataclass(frozen=True)
class Row:
    """A handler of a node, with its links in the order of ``LINKS``."""

    node: str
    handler: str
    links: tuple[Link, ...]

    @property
    def broken(self) -> Link | None:
        """The first link that is broken."""
        return next((link for link in self.links if link.state == "broken"), None)


def truth(of: Examination) -> tuple[Row, ...]:
    """One row for each handler of each node, in the order of the stack file."""
    return tuple(_rows(of))


def _rows(of: Examination) -> Iterator[Row]:
    for node in of.settings.nodes:
        for handler in of.handlers:
            found = {
                "shim": node_links.shim(of, node.name, handler),
                "config": node_links.merged(of, node.name, handler),
                "cri": node_links.cri(of, node.name, handler),
                "class": cluster_links.runtime_class(of, node.name, handler),
                "label": cluster_links.label(of, node.name, handler),
                "canary": node_links.canary(of, node.name, handler),
            }
            yield Row(node.name, handler, tuple(found[name] for name in LINKS))
