"""Key pairs, and signatures of images in a registry: made by cosign itself."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from lab.commands import run
from lab.sigstore.recipe import cosign

# No transparency log, and signatures in the layout that policy-controller verifies for keys.
_OFFLINE = ("--tlog-upload=false", "--use-signing-config=false", "--new-bundle-format=false")


@dataclass(frozen=True)
class KeyPair:
    """A key pair without a password, in ``folder``."""

    folder: Path

    @classmethod
    def make(cls, folder: Path) -> Self:
        """A new one in ``folder``, which is made. Errors: ``CommandError``."""
        folder.mkdir(parents=True)
        made = cls(folder)
        made._cosign("generate-key-pair", f"--output-key-prefix={folder / 'cosign'}")
        return made

    @property
    def public(self) -> str:
        """The public key in PEM."""
        return (self.folder / "cosign.pub").read_text()

    @property
    def private(self) -> str:
        """The private key in PEM, encrypted with an empty password."""
        return (self.folder / "cosign.key").read_text()

    def sign(self, image: str) -> None:
        """Sign ``image``, 'host:port/repository@digest', beside it. Errors: ``CommandError``."""
        self._cosign("sign", "--yes", f"--key={self.folder / 'cosign.key'}", *_OFFLINE, image)

    def _cosign(self, *arguments: str) -> None:
        environment = {**os.environ, "COSIGN_PASSWORD": "", "HOME": str(self.folder)}
        run([str(cosign("amd64")), *arguments], env=environment, seconds=120)
