"""The bridge between real devices, a real broker and a filter that comes and goes."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from components.manifests import iot, mosquitto
from lab.commands import run
from lab.deadline import wait_for
from lab.gateway.mosquitto import serve
from lab.gateway.recipe import bridge
from shimyard.settings.platform import IoTGatewaySettings
from tests.mqtt import Client, Device, device
from tests.ports import free_port
from tests.unit.settings.platform.test_iot import SECRET, made

pytestmark = pytest.mark.lab

PLACE = "sensors/boiler/temperature"
ROOM = 5


class Filter(BaseHTTPRequestHandler):
    """Drops what is below zero, is puzzled by 13, and rounds all else."""

    def do_POST(self) -> None:
        """One reading."""
        reading = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if reading["value"] == 13:
            self.send_error(500)
        elif reading["value"] < 0:
            self.send_response(204)
            self.end_headers()
        else:
            told = json.dumps({**reading, "value": round(reading["value"])}).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@dataclass
class Gateway:
    """All parts of one, on this machine."""

    folder: Path
    ports: dict[str, int]
    device: Device

    @property
    def dashboard(self) -> Client:
        """Who may read."""
        return Client("127.0.0.1", self.ports["broker"], "dashboard", SECRET)

    @property
    def sensor(self) -> Client:
        """Who may publish raw readings."""
        return Client("127.0.0.1", self.ports["broker"], "hall", SECRET)

    def health(self) -> tuple[int, dict[str, Any]]:
        """Status and counts."""
        connection = http.client.HTTPConnection("127.0.0.1", self.ports["status"], timeout=5)
        try:
            connection.request("GET", "/healthz")
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def wait(self, status: int, **counts: int) -> None:
        """Wait until the bridge tells this status, and at least these counts."""

        def missing() -> str | None:
            try:
                found, told = self.health()
            except OSError as error:
                return str(error)
            late = found != status or any(told[name] < least for name, least in counts.items())
            return f"{found}: {told}" if late else None

        wait_for(f"{status} {counts}", missing, seconds=30, interval=0.05)

    @contextmanager
    def filter(self) -> Iterator[None]:
        """The filter, for the time of the block."""
        server = ThreadingHTTPServer(("127.0.0.1", self.ports["filter"]), Filter)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield
        finally:
            server.shutdown()
            server.server_close()

    @contextmanager
    def broker(self) -> Iterator[None]:
        """The broker, likewise."""
        with broker(self.folder):
            yield


@contextmanager
def broker(folder: Path) -> Iterator[None]:
    """A broker with the files in ``folder``, for the time of the block."""
    argv = serve("-c", str(folder / mosquitto.CONFIG_FILE))
    with subprocess.Popen(argv, stderr=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            process.terminate()
            process.wait(10)


def write_files(settings: IoTGatewaySettings, folder: Path) -> None:
    """What broker and bridge read, with paths in ``folder``."""
    files = mosquitto.broker_files(settings)
    # Else it becomes somebody who can't read the files.
    files[mosquitto.CONFIG_FILE] += "user root\n"
    files[iot.BRIDGE_FILE] = iot.bridge_settings(settings).replace("10.20.0.5", "127.0.0.1")
    for name, text in files.items():
        (folder / name).write_text(_moved(text, folder))
    for key, secret in iot.gateway_secrets(settings).items():
        (folder / key).write_text(secret.get_secret_value())
        (folder / key).chmod(0o600)


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    """A bridge that polls a device ten times a second; no broker and no filter yet."""
    ports = {name: free_port() for name in ("broker", "status", "filter", "device")}
    sensor = {"name": "hall", "password": SECRET, "read": [], "write": ["raw/hall/#"]}
    settings = made(
        broker={
            "port": ports["broker"],
            "users": [{"name": "dashboard", "password": SECRET}, sensor],
        },
        bridge={"statusPort": ports["status"], "queueLength": ROOM},
        wasm={"port": ports["filter"]},
        device={
            "port": ports["device"],
            "pollIntervalMilliseconds": 100,
            "timeoutMilliseconds": 100,
        },
        register={"type": "int16", "scale": 0.1, "unit": "°C"},
    )
    write_files(settings, tmp_path)
    with device("127.0.0.1", ports["device"]) as found:
        found.set("holding", 0, 215)
        argv = [str(bridge("amd64")), str(tmp_path / iot.BRIDGE_FILE)]
        with subprocess.Popen(argv) as process:
            yield Gateway(tmp_path, ports, found)
            process.terminate()
            assert process.wait(10) == 0


def _moved(text: str, folder: Path) -> str:
    for place in (
        mosquitto.CONFIG_FOLDER,
        mosquitto.DATA_FOLDER,
        mosquitto.PRIVATE_FOLDER,
        mosquitto.TLS_FOLDER,
    ):
        text = text.replace(place, str(folder))
    return text.replace("/run/gateway-bridge", str(folder))


def test_readings_pass_the_filter_on_their_way_from_device_to_broker(gateway: Gateway) -> None:
    with gateway.broker(), gateway.filter():
        gateway.wait(200, published=1)
        with gateway.dashboard.hears("sensors/#") as heard:
            heard.until(PLACE, 22)
            gateway.device.set("holding", 0, 2**16 - 50)
            gateway.wait(200, dropped=3)
            gateway.device.set("holding", 0, 130)
            gateway.wait(200, refused=3)
            gateway.device.set("holding", 0, 304)
            values = {value for _, value in heard.until(PLACE, 30)}
            assert values <= {22, 30}


def test_sensors_that_publish_are_filtered_as_devices_are(gateway: Gateway) -> None:
    with gateway.broker(), gateway.filter():
        gateway.wait(200)
        with gateway.dashboard.hears("sensors/hall/+") as heard:
            gateway.sensor.says("raw/hall/humidity", '{"value": -1}')
            gateway.sensor.says("raw/hall/humidity", "warm")
            gateway.sensor.says("raw/hall/humidity", '{"value": 55.4, "unit": "%"}')
            assert heard.until("sensors/hall/humidity", 55) == [("sensors/hall/humidity", 55)]
        assert gateway.health()[1]["unreadable"] == 1


def test_nobody_gets_in_without_a_password_and_nobody_does_what_he_may_not(
    gateway: Gateway,
) -> None:
    with gateway.broker(), gateway.filter():
        gateway.wait(200)
        port = gateway.ports["broker"]
        for other in (
            Client("127.0.0.1", port),
            Client("127.0.0.1", port, "dashboard", "wrong"),
            Client("127.0.0.1", port, "nobody", SECRET),
        ):
            assert "not authorised" in other.refusal()
        with gateway.dashboard.hears("sensors/hall/+") as heard:
            gateway.dashboard.says("raw/hall/humidity", "1")
            gateway.sensor.says("raw/yard/humidity", "2")
            gateway.sensor.says("sensors/hall/humidity", "3")
            gateway.sensor.says("raw/hall/humidity", "4")
            assert heard.until("sensors/hall/humidity", 4) == [("sensors/hall/humidity", 4)]


def test_without_a_filter_readings_are_held_and_the_oldest_make_room(gateway: Gateway) -> None:
    with gateway.broker():
        gateway.wait(503, held=ROOM, lost=3)
        with gateway.dashboard.hears("sensors/#") as heard:
            gateway.device.set("holding", 0, 777)
            gateway.wait(503, held=ROOM, lost=10)
            told = gateway.health()[1]
            assert (told["published"], told["held"]) == (0, ROOM)
            with gateway.filter():
                heard.until(PLACE, 78)
                gateway.wait(200, published=ROOM)


def test_without_a_broker_readings_are_held_and_come_when_it_is_back(gateway: Gateway) -> None:
    with gateway.filter():
        with gateway.broker():
            gateway.wait(200, published=1)
        gateway.wait(503, held=1)
        with gateway.broker():
            gateway.wait(200)
            with gateway.dashboard.hears("sensors/#") as heard:
                heard.until(PLACE, 22)


def test_a_device_that_does_not_answer_is_asked_again(gateway: Gateway) -> None:
    with gateway.broker(), gateway.filter():
        gateway.wait(200, published=1)
        port = gateway.ports["device"]
        gateway.device.stop()
        gateway.wait(200, unanswered=3)
        with device("127.0.0.1", port) as other, gateway.dashboard.hears("sensors/#") as heard:
            other.set("holding", 0, 600)
            heard.until(PLACE, 60)


def test_with_a_certificate_only_those_who_ask_for_it_are_spoken_to(tmp_path: Path) -> None:
    key, certificate = tmp_path / "tls.key", tmp_path / "tls.crt"
    made_up = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    name = ["-subj", "/CN=hall", "-addext", "subjectAltName=IP:127.0.0.1"]
    run(["openssl", "req", *made_up, *name, "-keyout", str(key), "-out", str(certificate)])
    port, inner = free_port(), free_port()
    settings = made(broker={"port": port, "tls": {"secretName": "hall-tls"}})
    write_files(settings, tmp_path)
    config = tmp_path / mosquitto.CONFIG_FILE
    config.write_text(config.read_text().replace("listener 1883", f"listener {inner}"))
    with broker(tmp_path):
        trusting = ("--cafile", str(certificate))
        wait_for("the broker", lambda: _silence(port), seconds=20, interval=0.05)
        bridge_itself = Client("127.0.0.1", inner, "bridge", SECRET)
        with Client("127.0.0.1", port, "dashboard", SECRET, trusting).hears("sensors/#") as heard:
            bridge_itself.says(PLACE, '{"value": 1}')
            assert heard.until(PLACE, 1) == [(PLACE, 1)]
        with pytest.raises((subprocess.CalledProcessError, subprocess.TimeoutExpired)):
            Client("127.0.0.1", port, "dashboard", SECRET).says(PLACE, "1")
        assert "not authorised" in Client("127.0.0.1", port, None, "", trusting).refusal()


def _silence(port: int) -> str | None:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError as error:
        return str(error)
    return None
