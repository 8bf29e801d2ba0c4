"""One bounded download: streamed to a file, hashed on the way, complete or refused."""

from __future__ import annotations

import hashlib
import http.client
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from shimyard.catalogue.errors import CatalogueError

MAX_BYTES = 1024 * 1024 * 1024
"""The largest known artifact is a tenth of it; more is a mistake or an attack."""
STALL_SECONDS = 60
TOTAL_SECONDS = 3600
_CHUNK = 1 << 16
_AGAIN = "try again, or download from a mirror with --mirror"

Progress = Callable[[str, int, int | None], None]
"""Called with (URL, bytes so far, bytes in all or None if the server does not say)."""


class DownloadError(CatalogueError):
    """A download that failed or was refused.

    Attributes: ``url``, ``status`` (HTTP status, or None if there was no answer).
    """

    def __init__(self, url: str, problem: str, *, mend: str, status: int | None = None) -> None:
        super().__init__(f"{url}: {problem}", mend=mend)
        self.url = url
        self.status = status


@dataclass(frozen=True)
class Download:
    """What arrived: ``sha256`` in hex and ``size`` in bytes of the file at ``path``."""

    url: str
    path: Path
    sha256: str
    size: int


def download(
    url: str, path: Path, progress: Progress | None = None, *, max_bytes: int = MAX_BYTES
) -> Download:
    """Fetch ``url`` into ``path``. Raises ``DownloadError``; ``path`` is then removed.

    An address that starts with https stays on https over all redirections. A proxy is taken from
    the environment (https_proxy, no_proxy).
    """
    try:
        with _open(url) as answer, path.open("wb") as file:
            digest, size = _copy(answer, file, url, progress, max_bytes)
        return Download(url, path, digest, size)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _open(url: str) -> http.client.HTTPResponse:
    if not url.startswith(("https://", "http://")):
        raise DownloadError(url, "is not an http(s) address", mend="write it as https://...")
    opener = urllib.request.build_opener(_StayOnHttps())
    try:
        answer = opener.open(url, timeout=STALL_SECONDS)
    except urllib.error.HTTPError as error:
        error.close()
        mend = "check name, version and architecture, or give the address with --url"
        if error.code != 404:
            mend = "try again later, or download from a mirror with --mirror"
        problem = f"the server answers {error.code} {error.reason}"
        raise DownloadError(url, problem, mend=mend, status=error.code) from None
    except (urllib.error.URLError, OSError, ValueError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        raise DownloadError(
            url,
            f"can't be reached: {_plain(reason)}",
            mend="check the connection, or download from a mirror with --mirror",
        ) from None
    assert isinstance(answer, http.client.HTTPResponse)  # noqa: S101 - the opener speaks HTTP only
    return answer


def _copy(
    answer: http.client.HTTPResponse,
    file: IO[bytes],
    url: str,
    progress: Progress | None,
    max_bytes: int,
) -> tuple[str, int]:
    expected = answer.length
    if expected is not None and expected > max_bytes:
        raise _too_large(url, max_bytes)
    digest, size, deadline = hashlib.sha256(), 0, time.monotonic() + TOTAL_SECONDS
    while True:
        try:
            chunk = answer.read(_CHUNK)
        except (OSError, http.client.HTTPException) as error:
            problem = f"breaks off after {size} bytes: {_plain(error)}"
            raise DownloadError(url, problem, mend=_AGAIN) from None
        if not chunk:
            break
        size += len(chunk)
        if size > max_bytes:
            raise _too_large(url, max_bytes)
        if time.monotonic() > deadline:
            raise DownloadError(
                url, f"takes more than {TOTAL_SECONDS} seconds", mend="use a mirror with --mirror"
            )
        digest.update(chunk)
        file.write(chunk)
        if progress is not None:
            progress(url, size, expected)
    if expected is not None and size != expected:
        problem = f"is truncated: {size} of {expected} bytes arrived"
        raise DownloadError(url, problem, mend=_AGAIN)
    return digest.hexdigest(), size


def _too_large(url: str, max_bytes: int) -> DownloadError:
    return DownloadError(
        url, f"is larger than {max_bytes} bytes", mend="check that the URL names one artifact"
    )


def _plain(error: object) -> str:
    """Without the number that Python puts before the operating system's words."""
    words = error.strerror if isinstance(error, OSError) else None
    return words or str(error) or type(error).__name__


class _StayOnHttps(urllib.request.HTTPRedirectHandler):
    """Follows redirections, but never from https to http."""

    def redirect_request(  # noqa: PLR0917 - the signature of the standard library
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        if req.full_url.startswith("https:") and not newurl.startswith("https:"):
            raise DownloadError(
                req.full_url,
                f"redirects from https to {newurl.split(':', 1)[0]}",
                mend="use a mirror that stays on https",
                status=code,
            )
        return super().redirect_request(req, fp, code, msg, headers, newurl)
