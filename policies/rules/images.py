"""Images and OCI artifacts go by their digest: a tag can be another image tomorrow."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from policies.pods import containers, kind, pod
from policies.subject import Config, Subject, Violation
from policies.values import items, mapping

_PINNED = re.compile(r".+@sha256:[0-9a-f]{64}")


def pinned_images(subject: Subject, config: Config) -> Iterator[Violation]:
    """Every image is named with a digest, unless it begins with one of ``config['exempt']``."""
    exempt = tuple(items(config["exempt"]))
    for where, image in _images(subject):
        # A missing or unknown image is nobody's tag.
        if isinstance(image, str) and not _PINNED.fullmatch(image) and not image.startswith(exempt):
            yield Violation(
                where,
                f"{image} has no digest, so what runs can change without a change of this stack",
                f"write it as {image}@sha256:..., with the digest that the registry says",
            )


def _images(subject: Subject) -> Iterator[tuple[str, Any]]:
    for name, container in containers(subject):
        yield f"{name}, image", container.get("image")
    found = pod(subject)
    for volume in items(found[1].get("volumes")) if found else ():
        source = mapping(volume).get("image")
        yield f"volume {mapping(volume).get('name')}, image", mapping(source).get("reference")
    if kind(subject) == "SpinApp":
        yield "spec.image", mapping(subject.inputs.get("spec")).get("image")
    if subject.is_of_a_machine:
        runtime = mapping(subject.inputs.get("runtime"))
        yield "runtime.sandboxImage", runtime.get("sandboxImage")
        for shim in items(runtime.get("shims")):
            given = mapping(shim)
            yield f"canaryImage of shim {given.get('name')}", given.get("canaryImage")
