"""The cluster's API from this machine: a few verbs, and a watch that is read as it comes."""

from __future__ import annotations

import base64
import http.client
import json
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

from benchmarks.errors import BenchmarkError

_SECONDS: Final = 300


class Api:
    """The API server of a kubeconfig with a client certificate. Errors: ``BenchmarkError``."""

    def __init__(self, kubeconfig: str, folder: Path) -> None:
        """``folder``: where the certificates are put, of which ssl reads files only."""
        document = yaml.safe_load(kubeconfig)
        cluster, user = document["clusters"][0]["cluster"], document["users"][0]["user"]
        self._address = cluster["server"].removeprefix("https://")
        files = {}
        for name, text in (
            ("ca", cluster["certificate-authority-data"]),
            ("cert", user["client-certificate-data"]),
            ("key", user["client-key-data"]),
        ):
            files[name] = folder / f"{name}.pem"
            files[name].touch(mode=0o600)
            files[name].write_bytes(base64.b64decode(text))
        self._tls = ssl.create_default_context(cafile=str(files["ca"]))
        self._tls.load_cert_chain(files["cert"], files["key"])

    def get(self, path: str) -> Any:
        """The object, or the list, at ``path``."""
        return self._ask("GET", path)

    def create(self, path: str, body: Any) -> None:
        """Add an object to the list at ``path``."""
        self._ask("POST", path, body)

    def merge(self, path: str, body: Any) -> None:
        """Change the object at ``path`` by a merge patch."""
        self._ask("PATCH", path, body, kind="application/merge-patch+json")

    def watch(self, path: str, version: str) -> Iterator[Any]:
        """Objects below ``path`` as they change after ``version``, deleted ones left out."""
        connection = self._connection()
        joint = "&" if "?" in path else "?"
        try:
            connection.request("GET", f"{path}{joint}watch=1&resourceVersion={version}")
            response = connection.getresponse()
            for line in response:
                event = json.loads(line)
                if event["type"] == "ERROR":
                    raise BenchmarkError("a watch ended", mend="run again", log=str(event))
                if event["type"] != "DELETED":
                    yield event["object"]
        except TimeoutError as late:
            raise BenchmarkError(
                f"nothing changed for {_SECONDS} s", mend="see what the pods wait for"
            ) from late
        finally:
            connection.close()

    def _ask(self, method: str, path: str, body: Any = None, kind: str = "application/json") -> Any:
        connection = self._connection()
        try:
            connection.request(
                method, path, None if body is None else json.dumps(body), {"Content-Type": kind}
            )
            response = connection.getresponse()
            text = response.read().decode()
        finally:
            connection.close()
        if response.status >= 300:
            raise BenchmarkError(
                f"{method} {path}: {response.status}", mend="see what the API says", log=text
            )
        return json.loads(text)

    def _connection(self) -> http.client.HTTPSConnection:
        return http.client.HTTPSConnection(self._address, context=self._tls, timeout=_SECONDS)
