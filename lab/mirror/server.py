"""The HTTP side of the mirror: files with ranges, one access line a request, faults if asked."""

from __future__ import annotations

import mimetypes
import threading
from collections.abc import Iterator
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

from lab.mirror.faults import Fault
from lab.mirror.folder import Access, MirrorFolder
from lab.mirror.ranges import RangeError, asked_range

BLOCK = 256 * 1024


class MirrorServer(ThreadingHTTPServer):
    """Serves one mirror folder; ``port`` 0 takes a free one, see ``url``."""

    # As many nodes as there are may ask at the same moment.
    request_queue_size = 128
    daemon_threads = True
    block_on_close = False

    def __init__(self, folder: MirrorFolder, host: str, port: int) -> None:
        self.folder = folder
        self.closing = threading.Event()
        super().__init__((host, port), MirrorRequest)

    @property
    def url(self) -> str:
        """The base URL, without a slash at its end."""
        host, port = self.server_address[:2]
        return f"http://{host!s}:{port}"

    def shutdown(self) -> None:
        self.closing.set()
        super().shutdown()


class MirrorRequest(BaseHTTPRequestHandler):
    """One connection of a client."""

    server: MirrorServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the access log is a file that tests read."""

    def _answer(self, *, with_body: bool) -> None:
        self._status = 0
        self._sent = 0
        path = unquote(urlsplit(self.path).path).lstrip("/")
        try:
            self._serve(path, self.server.folder.faults.take(path), with_body=with_body)
        except ConnectionError:
            self.close_connection = True
        finally:
            access = Access(
                method=self.command,
                path=path,
                status=self._status,
                sent=self._sent,
                range=self.headers.get("Range"),
                client=str(self.client_address[0]),
            )
            self.server.folder.record(access)

    def _serve(self, path: str, fault: Fault | None, *, with_body: bool) -> None:
        file = self._file(path)
        if file is None or (fault and fault.kind == "not-found"):
            return self._refuse(HTTPStatus.NOT_FOUND)
        if fault and fault.kind == "server-error":
            return self._refuse(HTTPStatus.INTERNAL_SERVER_ERROR)
        size = file.stat().st_size
        try:
            part = asked_range(self.headers.get("Range"), size)
        except RangeError:
            return self._refuse(
                HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, {"Content-Range": f"bytes */{size}"}
            )
        wanted = part if part is not None else range(size)
        headers = {
            "Content-Type": mimetypes.guess_type(file.name)[0] or "application/octet-stream",
            "Content-Length": str(len(wanted)),
            "Accept-Ranges": "bytes",
        }
        if part is not None:
            headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{size}"
        self._head(HTTPStatus.OK if part is None else HTTPStatus.PARTIAL_CONTENT, headers)
        if with_body:
            with file.open("rb") as content:
                content.seek(wanted.start)
                self._send(content, len(wanted), fault)
        return None

    def _file(self, path: str) -> Path | None:
        if ".." in Path(path).parts:
            return None
        file = self.server.folder.files / path
        return file if file.is_file() else None

    def _head(self, status: HTTPStatus, headers: dict[str, str]) -> None:
        self._status = status.value
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _refuse(self, status: HTTPStatus, headers: dict[str, str] | None = None) -> None:
        self._head(status, {**(headers or {}), "Content-Length": "0"})

    def _send(self, content: BinaryIO, length: int, fault: Fault | None) -> None:
        kind = fault.kind if fault else None
        stops_early = kind in {"truncated", "hanging"}
        for block in _blocks(content, length // 2 if stops_early else length, _pace(fault)):
            self.wfile.write(_spoiled(block) if kind == "wrong-bytes" else block)
            self._sent += len(block)
            # Ten blocks a second, so that a slow answer flows instead of coming in bursts.
            if kind == "slow" and self.server.closing.wait(0.1):
                break
        if kind == "hanging":
            self._hang()
        if stops_early:
            self.close_connection = True

    def _hang(self) -> None:
        self.connection.settimeout(0.2)
        while not self.server.closing.is_set():
            try:
                if not self.connection.recv(1):
                    return
            except TimeoutError:
                continue


def _pace(fault: Fault | None) -> int:
    """How many bytes to send at once."""
    if fault is not None and fault.kind == "slow":
        return max(1, fault.bytes_per_second // 10)
    return BLOCK


def _blocks(content: BinaryIO, length: int, at_once: int) -> Iterator[bytes]:
    while length > 0 and (block := content.read(min(at_once, length))):
        length -= len(block)
        yield block


def _spoiled(block: bytes) -> bytes:
    """Other bytes of the same length."""
    return bytes([block[0] ^ 0xFF]) + block[1:]
