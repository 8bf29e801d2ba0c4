"""Stand-in: the vendors' release servers, served from memory in mirror layout on loopback."""

from __future__ import annotations

import gzip
import hashlib
import io
import lzma
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

from shimyard.catalogue.sources import mirror_path


@dataclass
class Releases:
    """Files by mirror path ('github.com/...'); ``requests`` are the paths that were asked for.

    ``truncated``: paths of which only half arrives. ``redirects``: path -> location.
    """

    base: str
    files: dict[str, bytes] = field(default_factory=dict)
    truncated: set[str] = field(default_factory=set)
    redirects: dict[str, str] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)

    def publish(self, url: str, content: bytes) -> str:
        """Serve ``content`` as the vendor's ``url``; returns its SHA-256."""
        self.files[mirror_path(url)] = content
        return hashlib.sha256(content).hexdigest()


@contextmanager
def serving() -> Iterator[Releases]:
    """A running stand-in; its address is ``base``, to be used as a mirror."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = unquote(urlsplit(self.path).path).removeprefix("/")
            releases.requests.append(path)
            if path in releases.redirects:
                self.send_response(302)
                self.send_header("Location", releases.redirects[path])
                self.end_headers()
                return
            content = releases.files.get(path)
            if content is None or path in releases.statuses:
                self.send_error(releases.statuses.get(path, 404))
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            half = len(content) // 2 if path in releases.truncated else len(content)
            self.wfile.write(content[:half])

        def log_message(self, format: str, *args: object) -> None:
            """Tests read ``requests`` instead."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    releases = Releases(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield releases
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def member(name: str, **attributes: object) -> tarfile.TarInfo:
    """A tar header for ``name`` with some ``attributes`` (type, linkname, mode, size) set."""
    info = tarfile.TarInfo(name)
    info.mode = 0o755
    for key, value in attributes.items():
        setattr(info, key, value)
    return info


def tar(files: dict[str, bytes], *extra: tarfile.TarInfo, compress: str = "gz") -> bytes:
    """A compressed tar of ``files`` and of content-less ``extra`` members."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as archive:
        for name, content in files.items():
            archive.addfile(member(name, size=len(content)), io.BytesIO(content))
        for info in extra:
            archive.addfile(info)
    if compress == "xz":
        return lzma.compress(plain.getvalue())
    return gzip.compress(plain.getvalue(), mtime=0)
