"""What a provocation of an error needs, and how its text becomes the same on every machine."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.unit.catalogue.vendor_stand_in import Releases


@dataclass(frozen=True)
class Scene:
    """An empty ``folder``, vendors that are stand-ins, and changes that end with the case."""

    folder: Path
    releases: Releases
    patch: pytest.MonkeyPatch

    def write(self, name: str, content: str | bytes) -> Path:
        """A file in the folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def told(self, text: str) -> str:
        """``text`` without what differs from run to run."""
        text = text.replace(str(self.folder), "FOLDER").replace(self.releases.base, "http://VENDOR")
        text = re.sub(r"/node-[0-9a-f]{16,64}", "/node-VERSION", text)
        text = re.sub(r"\b(7[12]\d\d) s\b", "7200 s", text)
        return re.sub(r"\b127\.0\.0\.1 port \d+", "127.0.0.1 port PORT", text)


Provocation = Callable[[Scene], object]
