"""Artifacts that can't be had, or must not be used: archives, downloads, lock files."""

from __future__ import annotations

import gzip
import json
import tarfile
import urllib.request
from typing import Any

from shimyard.catalogue import Artifact, archive, download, lockfile
from shimyard.catalogue.catalogue import Catalogue
from shimyard.catalogue.fetch import fetch
from tests.unit.catalogue.test_artifact import entry
from tests.unit.catalogue.vendor_stand_in import member, tar
from tests.unit.errors.scene import Provocation, Scene


def _archive(content: bytes, **limits: int) -> Provocation:
    def provoke(scene: Scene) -> object:
        for name, value in limits.items():
            scene.patch.setattr(archive, name, value)
        return archive.regular_files(scene.write("shim.tar.gz", content), "tar.gz")

    return provoke


def _huge_header() -> bytes:
    header = member("x", type=tarfile.XHDTYPE, size=archive.MAX_READ * 4)
    return gzip.compress(header.tobuf(tarfile.USTAR_FORMAT) + b"\0" * 4096)


def _no_number() -> bytes:
    record = b"25 GNU.sparse.size=many\n\n"
    pax = member("x", type=tarfile.XHDTYPE, size=len(record)).tobuf(tarfile.USTAR_FORMAT)
    block = record + bytes(-len(record) % 512)
    return gzip.compress(pax + block + member("x").tobuf(tarfile.USTAR_FORMAT) + bytes(1024))


def _download(path: str, max_bytes: int = 10_000) -> Provocation:
    return lambda scene: download.download(
        f"{scene.releases.base}/{path}", scene.folder / "file", max_bytes=max_bytes
    )


def _published(name: str, content: bytes, then: Provocation) -> Provocation:
    def provoke(scene: Scene) -> object:
        scene.releases.files[name] = content
        return then(scene)

    return provoke


def _server_error(scene: Scene) -> object:
    scene.releases.statuses["error"] = 503
    return _download("error")(scene)


def _truncated(scene: Scene) -> object:
    scene.releases.files["half"] = b"x" * 1000
    scene.releases.truncated.add("half")
    return _download("half")(scene)


def _slow(scene: Scene) -> object:
    scene.releases.files["slow"] = b"x"
    scene.patch.setattr(download, "TOTAL_SECONDS", -1)
    return _download("slow")(scene)


def _unlimited(scene: Scene) -> object:
    """More than was said: the server tells no length."""
    scene.releases.files["long"] = b"x" * 2000
    real = download._open

    def unsaid(url: str) -> Any:
        answer = real(url)
        answer.length = None
        return answer

    scene.patch.setattr(download, "_open", unsaid)
    return _download("long", max_bytes=1000)(scene)


def _broken_off(scene: Scene) -> object:
    scene.releases.files["reset"] = b"x"

    class Answer:
        length = 10

        def read(self, _size: int) -> bytes:
            raise ConnectionResetError(104, "Connection reset by peer")

        def __enter__(self) -> Answer:
            return self

        def __exit__(self, *_: object) -> None:
            return

    scene.patch.setattr(download, "_open", lambda _url: Answer())
    return _download("reset")(scene)


def _to_http(_scene: Scene) -> object:
    request = urllib.request.Request("https://vendor.example/containerd.tar.gz")
    handler = download._StayOnHttps()
    return handler.redirect_request(request, None, 302, "", None, "http://vendor.example/x")  # type: ignore[arg-type]


def _lock(text: str | bytes) -> Provocation:
    return lambda scene: lockfile.read_lock(scene.write("artifacts.lock.json", text))


def _entries(*entries: dict[str, Any]) -> str:
    return json.dumps({"version": 1, "artifacts": list(entries)})


def _artifact() -> Artifact:
    return Artifact.model_validate(entry())


def _too_large_lock(scene: Scene) -> object:
    scene.patch.setattr(lockfile, "MAX_LOCK_BYTES", 10)
    return _lock("{" + " " * 20 + "}")(scene)


CASES: dict[str, Provocation] = {
    "an archive with too many members": _archive(
        tar({str(number): b"" for number in range(4)}), MAX_MEMBERS=3
    ),
    "an archive with a member outside of it": _archive(tar({}, member("../x"))),
    "an archive with a link out of it": _archive(
        tar({}, member("l", type=tarfile.SYMTYPE, linkname="/etc"))
    ),
    "an archive with a device": _archive(tar({}, member("d", type=tarfile.CHRTYPE))),
    "an archive with a setuid file": _archive(tar({}, member("s", mode=0o4755))),
    "an archive with a member twice": _archive(tar({"a": b""}, member("./a"))),
    "an archive that is none": _archive(b"not an archive"),
    "an archive with a header that is broken": _archive(_no_number()),
    "an archive with an oversized header": _archive(_huge_header()),
    "an archive that is a bomb": _archive(tar({"zeros": bytes(100_000)}), MAX_UNPACKED=10_000),
    "an artifact that nobody has locked": lambda _scene: Catalogue([]).find(
        "runc", "9.9.9", "amd64"
    ),
    "an artifact of which other versions are locked": lambda _scene: Catalogue([_artifact()]).find(
        "containerd", "9.9.9", "amd64"
    ),
    "an address of another protocol": lambda scene: download.download(
        "ftp://vendor.example/x", scene.folder / "file"
    ),
    "a download that is not there": _download("none"),
    "a download that the server refuses": _server_error,
    "a server that can't be reached": lambda scene: download.download(
        "http://127.0.0.1:1/x", scene.folder / "file"
    ),
    "a download that is announced too large": _published(
        "large", b"x" * 2000, _download("large", max_bytes=1000)
    ),
    "a download that becomes too large": _unlimited,
    "a download that breaks off": _broken_off,
    "a download that takes too long": _slow,
    "a download that is truncated": _truncated,
    "a redirection from https to http": _to_http,
    "an artifact that no source has": lambda scene: fetch(
        _artifact(), [f"{scene.releases.base}/none"], scene.folder / "file"
    ),
    "an artifact with other bytes": _published(
        "other",
        b"x",
        lambda scene: fetch(_artifact(), [f"{scene.releases.base}/other"], scene.folder / "y"),
    ),
    "an artifact without a source": lambda scene: fetch(_artifact(), [], scene.folder / "file"),
    "a lock with a wrong field": _lock(_entries(entry(sha256="abc"))),
    "a lock with an entry twice": _lock(_entries(entry(), entry())),
    "a lock that is too large": _too_large_lock,
    "a lock that is not there": lambda scene: lockfile.read_lock(scene.folder / "no.lock.json"),
    "a lock that is a folder": lambda scene: lockfile.read_lock(scene.folder),
    "a lock in another encoding": _lock(b"\xff\xfe"),
    "a lock with a key twice": _lock('{"version": 1, "version": 1}'),
    "a lock that is no JSON": _lock("{"),
    "a lock that is nested too deeply": _lock("[" * 100_000),
}
