"""The artifact mirror over loopback: ranges, the access log, and each fault."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from lab.mirror.faults import Fault, FaultKind
from lab.mirror.folder import MirrorFolder
from lab.mirror.server import MirrorServer

BODY = bytes(range(256)) * 64
PATH = "runc/1.5.2/runc.amd64"


@pytest.fixture
def folder(tmp_path: Path) -> MirrorFolder:
    folder = MirrorFolder(tmp_path / "mirror")
    file = folder.files / PATH
    file.parent.mkdir(parents=True)
    file.write_bytes(BODY)
    return folder


@pytest.fixture
def mirror(folder: MirrorFolder) -> Iterator[MirrorServer]:
    with MirrorServer(folder, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def fetch(
    mirror: MirrorServer,
    path: str = PATH,
    *,
    method: str = "GET",
    asked: str | None = None,
    seconds: float = 5,
) -> tuple[http.client.HTTPResponse, bytes]:
    address = urlsplit(mirror.url)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=seconds)
    try:
        connection.request(method, f"/{path}", headers={"Range": asked} if asked else {})
        answer = connection.getresponse()
        return answer, answer.read()
    finally:
        connection.close()


def wait_for_accesses(folder: MirrorFolder, count: int) -> None:
    # A line is written after the answer has left, so a client can be a moment ahead of it.
    deadline = time.monotonic() + 5
    while len(folder.accesses()) < count and time.monotonic() < deadline:
        threading.Event().wait(0.005)


def test_a_node_gets_the_whole_file(mirror: MirrorServer) -> None:
    answer, body = fetch(mirror)

    assert (answer.status, answer.getheader("Accept-Ranges"), body) == (200, "bytes", BODY)


@pytest.mark.parametrize(
    ("asked", "first", "stop"),
    [
        ("bytes=100-199", 100, 200),
        ("bytes=16000-", 16000, 16384),
        ("bytes=-5", 16379, 16384),
        ("bytes=0-99999", 0, 16384),
    ],
)
def test_a_cut_off_download_can_resume(
    mirror: MirrorServer, asked: str, first: int, stop: int
) -> None:
    answer, body = fetch(mirror, asked=asked)

    assert (answer.status, body) == (206, BODY[first:stop])
    assert answer.getheader("Content-Range") == f"bytes {first}-{stop - 1}/{len(BODY)}"


def test_a_finished_download_cannot_resume(mirror: MirrorServer) -> None:
    answer, _ = fetch(mirror, asked=f"bytes={len(BODY)}-")

    assert (answer.status, answer.getheader("Content-Range")) == (416, f"bytes */{len(BODY)}")


@pytest.mark.parametrize("asked", ["bytes=5-1", "bytes=0-1,5-6", "lines=1-2", "bytes=-"])
def test_a_range_of_another_form_is_ignored(mirror: MirrorServer, asked: str) -> None:
    answer, body = fetch(mirror, asked=asked)

    assert (answer.status, body) == (200, BODY)


@pytest.mark.parametrize("path", ["absent", "runc/1.5.2", "../faults.json", "%2e%2e/faults.json"])
def test_nothing_but_artifacts_is_served(
    mirror: MirrorServer, folder: MirrorFolder, path: str
) -> None:
    folder.ask_for([])

    assert fetch(mirror, path)[0].status == 404


def test_tests_can_count_requests_and_bytes(mirror: MirrorServer, folder: MirrorFolder) -> None:
    fetch(mirror)
    fetch(mirror, asked="bytes=0-9")
    fetch(mirror, method="HEAD")
    fetch(mirror, "absent")
    wait_for_accesses(folder, 4)

    seen = [(access.method, access.status, access.sent) for access in folder.accesses()]
    assert sorted(seen) == [
        ("GET", 200, len(BODY)),
        ("GET", 206, 10),
        ("GET", 404, 0),
        ("HEAD", 200, 0),
    ]
    assert folder.sent_bytes() == len(BODY) + 10
    folder.forget_accesses()
    assert folder.accesses() == []


@pytest.mark.parametrize(("kind", "status"), [("not-found", 404), ("server-error", 500)])
def test_a_mirror_can_refuse(
    mirror: MirrorServer, folder: MirrorFolder, kind: FaultKind, status: int
) -> None:
    folder.ask_for([Fault(kind)])
    assert fetch(mirror)[0].status == status

    folder.ask_for([])
    assert fetch(mirror)[0].status == 200


def test_a_truncated_download_ends_early(mirror: MirrorServer, folder: MirrorFolder) -> None:
    folder.ask_for([Fault("truncated")])

    with pytest.raises(http.client.IncompleteRead) as cut:
        fetch(mirror)
    assert cut.value.partial == BODY[: len(BODY) // 2]


def test_wrong_bytes_have_the_right_length(mirror: MirrorServer, folder: MirrorFolder) -> None:
    folder.ask_for([Fault("wrong-bytes")])

    _, body = fetch(mirror)
    assert len(body) == len(BODY)
    assert body != BODY


def test_a_hanging_download_outlasts_the_clients_patience(
    mirror: MirrorServer, folder: MirrorFolder
) -> None:
    folder.ask_for([Fault("hanging")])

    with pytest.raises(TimeoutError):
        fetch(mirror, seconds=0.1)


def test_a_slow_download_is_slow_and_whole(mirror: MirrorServer, folder: MirrorFolder) -> None:
    folder.ask_for([Fault("slow", bytes_per_second=len(BODY) * 4)])

    started = time.monotonic()
    assert fetch(mirror)[1] == BODY
    assert 0.2 <= time.monotonic() - started < 2


def test_a_fault_can_pass_after_some_requests(mirror: MirrorServer, folder: MirrorFolder) -> None:
    folder.ask_for([Fault("server-error", times=2)])

    assert [fetch(mirror)[0].status for _ in range(3)] == [500, 500, 200]


def test_a_fault_can_hit_one_artifact_alone(mirror: MirrorServer, folder: MirrorFolder) -> None:
    folder.ask_for([Fault("server-error", path="containerd/*")])

    assert fetch(mirror)[0].status == 200
