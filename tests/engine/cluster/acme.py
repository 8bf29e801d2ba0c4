"""An ACME CA in a test's cluster: Pebble, which checks each challenge and each account for real."""

from __future__ import annotations

import base64
import json
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_NAMESPACE: Final = "acme"
_HOST: Final = f"pebble.{_NAMESPACE}.svc"
_PORT: Final = 14000
_FOLDER: Final = "/etc/pebble"


@dataclass(frozen=True)
class AcmeServer:
    """What the server is told, and what its clients have to know."""

    key_id: str = "edge"
    key: str = field(
        default_factory=lambda: base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        repr=False,
    )
    _pair: tuple[str, str] = field(default_factory=lambda: _key_pair(_HOST), repr=False)

    @property
    def directory(self) -> str:
        """The URL that clients begin at."""
        return f"https://{_HOST}:{_PORT}/dir"

    @property
    def ca_bundle(self) -> str:
        """What its own server is trusted by."""
        return self._pair[0]

    def objects(self, image: str) -> list[dict[str, Any]]:
        """All that it needs in a cluster."""
        labels = {"app": "pebble"}
        meta = {"name": "pebble", "namespace": _NAMESPACE}
        config = {
            "listenAddress": f"0.0.0.0:{_PORT}",
            "managementListenAddress": "0.0.0.0:15000",
            "certificate": f"{_FOLDER}/tls.crt",
            "privateKey": f"{_FOLDER}/tls.key",
            "httpPort": 80,
            "tlsPort": 443,
            "externalAccountBindingRequired": True,
            "externalAccountMACKeys": {self.key_id: self.key.rstrip("=")},
        }
        files = {
            "tls.crt": self._pair[0],
            "tls.key": self._pair[1],
            "config.json": json.dumps({"pebble": config}),
        }
        container = {
            "name": "pebble",
            "image": image,
            "args": ["-config", f"{_FOLDER}/config.json"],
            "env": [{"name": "PEBBLE_VA_NOSLEEP", "value": "1"}],
            "readinessProbe": {"tcpSocket": {"port": _PORT}, "periodSeconds": 1},
            "volumeMounts": [{"name": "files", "mountPath": _FOLDER}],
        }
        return [
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": _NAMESPACE}},
            {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "stringData": files},
            {
                "apiVersion": "v1",
                "kind": "Service",
                "metadata": meta,
                "spec": {"selector": labels, "ports": [{"port": _PORT}]},
            },
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {**meta, "labels": labels},
                "spec": {
                    "containers": [container],
                    "volumes": [{"name": "files", "secret": {"secretName": "pebble"}}],
                },
            },
        ]


def _key_pair(host: str) -> tuple[str, str]:
    """A certificate for ``host`` that signs itself, and its key, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    text = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return certificate.public_bytes(serialization.Encoding.PEM).decode(), text.decode()
