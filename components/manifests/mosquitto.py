"""What the broker of a gateway is started with.

Sources: mosquitto.conf(5), mosquitto_passwd(1) and, for how a password is kept,
`apps/mosquitto_passwd` of mosquitto 2.0.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Any, Final

from pydantic import SecretStr

from shimyard.rendering import render
from shimyard.settings.platform import IoTGatewaySettings

CONFIG_FOLDER: Final = "/etc/mosquitto-gateway"
DATA_FOLDER: Final = "/var/lib/mosquitto-gateway"
PRIVATE_FOLDER: Final = "/run/mosquitto-gateway/private"
TLS_FOLDER: Final = "/run/mosquitto-gateway/tls"
CONFIG_FILE: Final = "mosquitto.conf"
PASSWORDS_KEY: Final = "passwords"

_ACL_FILE: Final = "acl"
_LOOPBACK: Final = " 127.0.0.1"
_ITERATIONS: Final = 10_000
"""A hundred times mosquitto's own default; a client waits some milliseconds at its connect."""


def broker_files(gateway: IoTGatewaySettings) -> dict[str, str]:
    """File name -> text of the broker's configuration, which has no secret."""
    broker = gateway.broker
    outer = {"port": broker.outer_port, "address": "", "tls_folder": None}
    listeners = [outer]
    if broker.tls is not None:
        outer["tls_folder"] = TLS_FOLDER
        listeners.append({"port": broker.inner_port, "address": _LOOPBACK, "tls_folder": None})
    config = render(
        "mosquitto/mosquitto.conf.j2",
        anonymous="true" if broker.anonymous else "false",
        password_file=f"{PRIVATE_FOLDER}/{PASSWORDS_KEY}",
        acl_file=f"{CONFIG_FOLDER}/{_ACL_FILE}",
        data_folder=DATA_FOLDER,
        listeners=listeners,
    )
    return {CONFIG_FILE: config, _ACL_FILE: render("mosquitto/acl.j2", users=_rights(gateway))}


def password_file(gateway: IoTGatewaySettings) -> SecretStr:
    """The hashed passwords of all users, a line each."""
    bridge = gateway.bridge
    known = [(bridge.user, bridge.password)]
    known += [(user.name, user.password) for user in gateway.broker.users]
    lines = [_line(f"{gateway.namespace}/{gateway.name}/{name}", name, it) for name, it in known]
    return SecretStr("".join(lines))


def _rights(gateway: IoTGatewaySettings) -> list[dict[str, Any]]:
    raw, filtered = f"{gateway.bridge.raw_topic}/#", f"{gateway.bridge.filtered_topic}/#"
    everybody = [{"name": "", "read": [filtered], "write": [raw]}]
    return [
        *(everybody if gateway.broker.anonymous else []),
        {"name": gateway.bridge.user, "read": [raw], "write": [filtered]},
        *(
            {
                "name": user.name,
                "read": [filtered] if user.read is None else user.read,
                "write": user.write,
            }
            for user in gateway.broker.users
        ),
    ]


def _line(place: str, name: str, password: SecretStr) -> str:
    # The user's own and not a random one: the same settings must give the same file.
    salt = hashlib.sha256(place.encode()).digest()[:12]
    key = hashlib.pbkdf2_hmac(
        "sha512", password.get_secret_value().encode(), salt, _ITERATIONS, dklen=64
    )
    told = [base64.b64encode(part).decode() for part in (salt, key)]
    return f"{name}:$7${_ITERATIONS}${told[0]}${told[1]}\n"
