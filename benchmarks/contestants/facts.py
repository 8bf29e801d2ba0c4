"""`python -m benchmarks.contestants.facts [--login] HOSTS`: why each host needs a change, as JSON.

With --login it only logs in and out.
"""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.state import RESOURCE
from shimyard.node.desired import DesiredState
from shimyard.node.node_files import FileSet
from shimyard.node.planning import plan
from shimyard.node.transaction import read_facts
from shimyard.node.transport import Session
from shimyard.settings import FileSettings, NodeSettings


def reasons(node: NodeSettings, desired: DesiredState | None) -> list[str]:
    """Why the node is not as wanted; nothing if it is, or nothing is wanted."""
    session = Session.open(node, Path("/"))
    try:
        return [] if desired is None else list(plan(desired, read_facts(session)).reasons)
    finally:
        session.close()


def main() -> None:
    """As many threads as the provider has."""
    login = sys.argv[1] == "--login"
    described = json.loads(Path(sys.argv[-1]).read_text())
    nodes = [NodeSettings.model_validate(each) for each in described["nodes"]]
    files = [FileSettings.model_validate(each) for each in described["files"]]
    desired = None if login else FileSet.of(files, Path("/")).desired(RESOURCE)
    with ThreadPoolExecutor(128) as pool:
        found = pool.map(lambda node: (node.address, reasons(node, desired)), nodes)
        print(json.dumps(dict(found)))


if __name__ == "__main__":
    main()
