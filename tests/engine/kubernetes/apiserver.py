"""A real Kubernetes API server with its controllers on loopback, and kubectl for the tests' eyes.

There is no kubelet and no node: what a kubelet would report, tests write into the status of pods
(see `kubelet.py`). So no test here proves that a container runs.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lab.deadline import wait_for
from tests.ports import free_port


@dataclass(frozen=True)
class Kubectl:
    """kubectl against one API server, with full rights; `k3s` is the program that contains it.

    `proxy`: host and port of a `kubectl proxy`, for whoever asks again and again.
    """

    k3s: Path
    kubeconfig: Path
    proxy: str = ""

    def run(self, *arguments: str, stdin: str | None = None, check: bool = True) -> str:
        """What one command prints."""
        result = subprocess.run(
            [str(self.k3s), "kubectl", "--kubeconfig", str(self.kubeconfig), *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert not check or result.returncode == 0, f"kubectl {arguments}: {result.stderr}"
        return result.stdout

    def get(self, *arguments: str) -> dict[str, Any]:
        """One object, or a list, as the API server has it."""
        found: dict[str, Any] = json.loads(self.run("get", *arguments, "-o", "json"))
        return found

    def has(self, *arguments: str) -> bool:
        """Whether the API server has the object."""
        return bool(self.run("get", "--ignore-not-found", "-o", "name", *arguments).strip())

    def apply(self, *objects: dict[str, Any]) -> None:
        """Make objects as another person would, by kubectl's own apply."""
        documents = "\n---\n".join(json.dumps(each) for each in objects)
        self.run("apply", "-f", "-", stdin=documents)

    def status(self, kind: str, name: str, namespace: str, status: dict[str, Any]) -> None:
        """Write an object's status, as its controller would."""
        patch = json.dumps({"status": status})
        where = ("-n", namespace, "--subresource=status", "--type=merge")
        self.run("patch", kind, name, *where, "-p", patch)

    def pods(self, namespace: str) -> list[dict[str, Any]]:
        """The pods of a namespace, without a process for each question."""
        connection = http.client.HTTPConnection(self.proxy, timeout=30)
        try:
            connection.request("GET", f"/api/v1/namespaces/{namespace}/pods")
            found: list[dict[str, Any]] = json.load(connection.getresponse())["items"]
        finally:
            connection.close()
        return found


@contextmanager
def api_server(k3s: Path, folder: Path) -> Iterator[Kubectl]:
    """Start one below ``folder``; it ends with the block."""
    kubeconfig, log = folder / "kubeconfig.yaml", folder / "k3s.log"
    port = str(free_port())
    command = [str(k3s), "server", "--disable-agent", "--data-dir", str(folder / "data")]
    command += ["--https-listen-port", port, "--bind-address", "127.0.0.1"]
    command += ["--write-kubeconfig", str(kubeconfig)]
    # Without a node it cannot run, and an API that is announced but absent blocks the deletion of
    # every namespace.
    command += ["--disable", "metrics-server"]
    with log.open("w") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
    kubectl = Kubectl(k3s, kubeconfig)

    def ready() -> str | None:
        if process.poll() is not None:
            return f"it ended with {process.returncode}"
        answer = kubectl.run("get", "--raw", "/readyz", check=False)
        return None if answer == "ok" else f"/readyz answers {answer!r}"

    try:
        wait_for("the API server", ready, seconds=90, interval=0.3, log=log)
        with _proxy(kubectl) as proxy:
            yield replace(kubectl, proxy=proxy)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextmanager
def _proxy(kubectl: Kubectl) -> Iterator[str]:
    """Where a `kubectl proxy` listens, as long as the block lasts."""
    command = [str(kubectl.k3s), "kubectl", "--kubeconfig", str(kubectl.kubeconfig)]
    command += ["proxy", "--port=0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            # Starting to serve on 127.0.0.1:36543
            yield process.stdout.readline().split()[-1]
        finally:
            process.terminate()
