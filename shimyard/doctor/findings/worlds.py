"""Components whose world is newer than the engine of the shim that runs them."""

from __future__ import annotations

from collections.abc import Iterator

from shimyard.doctor.examination import Examination, Examined
from shimyard.doctor.findings.finding import Finding, some
from shimyard.doctor.findings.pods import wasm_pods
from shimyard.doctor.worlds import unserved


def newer(of: Examination) -> Iterator[Finding]:
    """Of the images that pods run: what is said against their shim and its version."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for handler, pod in wasm_pods(of):
        machine = of.machines.get(pod.node)
        if not isinstance(machine, Examined):
            continue
        for container, digest in pod.images.items():
            world = machine.machine.worlds.get(digest)
            why = None if world is None else unserved(world, *of.handlers[handler])
            if why is not None:
                found.setdefault((pod.node, container, why), []).append(str(pod))
    for (node, container, why), pods in found.items():
        sentence = f"the component of container {container} of {some(pods)} can't run: {why}"
        mend = "choose a version of the shim whose engine has it, or build the component for an "
        mend += "older world"
        yield Finding("world", "broken", node, sentence, mend)
