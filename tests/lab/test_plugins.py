"""Hostile plugins are stopped, by the limit that they break, while their neighbours answer."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lab.deadline import wait_for
from lab.plugins.recipe import hostile_plugin, plugin_host
from lab.workloads import build
from tests.ports import free_port

pytestmark = pytest.mark.lab

LIMITS: dict[str, Any] = {
    "fuel": 2_000_000_000_000,
    "memoryBytes": 32 << 20,
    "tableElements": 10_000,
    "milliseconds": 2000,
    "concurrency": 4,
}


@dataclass(frozen=True)
class Host:
    """A host that runs, on a port of this machine. ``other``: a server that nobody may ask."""

    port: int
    other: str

    def ask(self, path: str) -> tuple[int, str]:
        """Status and body of an answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def refusal(self, path: str) -> tuple[int, str]:
        """Status, and what the host names as the cause."""
        status, body = self.ask(path)
        return status, json.loads(body)["error"]


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """A hostile tenant with plenty, others that each have little of one thing, and a good one."""
    folder = tmp_path_factory.mktemp("plugins")
    greeter = next(each for each in build() if each.name == "greeter").path
    broken = folder / "broken.wasm"
    broken.write_bytes(b"\0asm")
    port, listener = free_port(), socket.create_server(("127.0.0.1", 0))
    other = f"127.0.0.1:{listener.getsockname()[1]}"
    hostile = {**LIMITS, "plugin": str(hostile_plugin())}
    tenants = {
        "good": {**LIMITS, "plugin": str(greeter)},
        "hostile": {**hostile, "environment": {"MODE": "trial"}},
        "frugal": {**hostile, "fuel": 10_000_000},
        "single": {**hostile, "concurrency": 1},
        "flat": {**LIMITS, "plugin": str(greeter), "tableElements": 1},
        "poor": {**LIMITS, "plugin": str(greeter), "fuel": 1000},
        "open": {**hostile, "hosts": [other]},
        "near": {**hostile, "hosts": ["127.0.0.1:8", "localhost:80", "127.0.0.1:443"]},
        "broken": {**LIMITS, "plugin": str(broken)},
        "absent": {**LIMITS, "plugin": str(folder / "absent.wasm")},
    }
    settings = folder / "plugins.json"
    settings.write_text(json.dumps({"address": f"127.0.0.1:{port}", "tenants": tenants}))
    made = Host(port, other)
    # A secret of its own, and a file that only it may read.
    environment = {"SECRET": "hush"}
    with subprocess.Popen([plugin_host("amd64"), settings], env=environment) as process:

        def refused() -> str | None:
            try:
                return None if made.ask("/healthz")[0] == 200 else "not well"
            except OSError as error:
                return str(error)

        try:
            wait_for("the host", refused, seconds=60)
            yield made
        finally:
            process.terminate()
            assert process.wait(10) == 0
            listener.close()


def test_each_tenant_is_its_first_segment_and_one_that_can_not_be_used_harms_none(
    host: Host,
) -> None:
    status, body = host.ask("/good/hello/Ada?language=fi")
    assert (status, json.loads(body)["greeting"]) == (200, "Hei, Ada!")
    for path, seen in (("/good", "/"), ("/good/", "/"), ("/good//hello/Bo", "/hello/Bo")):
        assert json.loads(host.ask(f"{path}?language=fi")[1])["path"] == seen
    states = json.loads(host.ask("/healthz")[1])["tenants"]
    assert {name for name, state in states.items() if state != "ready"} == {"broken", "absent"}
    assert host.refusal("/broken/") == (502, "plugin")
    assert host.refusal("/nobody/") == (404, "tenant")


@pytest.mark.parametrize(
    ("path", "status", "cause"),
    [
        ("/hostile/loop", 504, "time"),
        ("/hostile/memory", 507, "memory"),
        ("/frugal/loop", 507, "fuel"),
        ("/flat/", 507, "tables"),
        ("/poor/", 507, "fuel"),
    ],
)
def test_a_limit_that_is_broken_is_named(host: Host, path: str, status: int, cause: str) -> None:
    assert host.refusal(path) == (status, cause)
    assert host.ask("/good/")[0] == 200


@pytest.mark.parametrize(
    "attack",
    [
        "file?/etc/passwd",
        "file?/proc/self/environ",
        "write?/tmp/written",
        "socket?{other}",
        "host?{other}",
        "host?localhost:{port}",
        # Each of these differs in one thing from what the tenant may ask.
        "/near/host?127.0.0.1:{port}",
        "/near/host?127.0.0.2:80",
        "/near/host?127.0.0.1",
    ],
)
def test_what_was_not_given_can_not_be_reached(host: Host, attack: str) -> None:
    target = attack.format(other=host.other, port=host.port)
    path = target if target.startswith("/") else f"/hostile/{target}"
    status, body = host.ask(path)
    assert (status, body.partition(":")[0]) == (403, "denied")


def test_a_plugin_has_the_variables_that_were_given_and_none_of_the_host(host: Host) -> None:
    assert host.ask("/hostile/environment") == (200, '[("MODE", "trial")]')


def test_a_host_that_was_given_can_be_asked_until_the_time_is_over(host: Host) -> None:
    # The listener accepts and never answers.
    assert host.refusal(f"/open/host?{host.other}") == (504, "time")
    assert host.ask("/good/")[0] == 200


def test_neighbours_answer_while_hostile_plugins_do_their_worst(host: Host) -> None:
    attacks = ["/hostile/loop", "/hostile/memory"] * 4
    with ThreadPoolExecutor(16) as pool:
        running = [pool.submit(host.refusal, path) for path in attacks]
        answers = [pool.submit(host.ask, "/good/") for _ in range(100)]
        assert {answer.result()[0] for answer in answers} == {200}
        told = {each.result() for each in running}
    assert told <= {(504, "time"), (507, "memory"), (429, "concurrency")}
    assert (504, "time") in told


def test_a_tenant_has_no_more_requests_at_a_time_than_its_own(host: Host) -> None:
    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(host.refusal, "/single/loop") for _ in range(2)]
        assert {each.result() for each in both} == {(504, "time"), (429, "concurrency")}
    assert host.ask("/single/")[0] == 200


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ("{", "plugins.json"),
        ('{"address": "127.0.0.1:0", "tenants": {"a": {"plugin": "x"}}}', "missing field `fuel`"),
        ('{"address": "127.0.0.1:0", "tenants": {}, "more": 1}', "unknown field `more`"),
    ],
)
def test_settings_that_it_does_not_understand_are_refused(
    tmp_path: Path, settings: str, told: str
) -> None:
    path = tmp_path / "plugins.json"
    path.write_text(settings)
    done = subprocess.run(
        [plugin_host("amd64"), path], capture_output=True, text=True, timeout=20, check=False
    )
    assert done.returncode == 1
    assert told in done.stderr
