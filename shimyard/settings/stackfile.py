"""A stack file without Pulumi: what an editor, a check or the bundle command needs of it."""

from __future__ import annotations

from pathlib import Path

from shimyard.errors import shown
from shimyard.settings.load import NAMESPACE, SettingsError, parse
from shimyard.settings.stack import StackSettings
from shimyard.settings.yamlfile import read_yaml

ENCRYPTED = "encrypted by Pulumi"
"""What stands in the settings for a value that only Pulumi can decrypt."""
_TOP_LEVEL = {"config", "encryptionsalt", "encryptedkey", "secretsprovider", "environment"}


def read_stack_file(path: Path) -> StackSettings:
    """The settings in ``path``, a Pulumi stack file (Pulumi.<stack>.yaml).

    Encrypted values (`secure: ...`) stay unknown and become a placeholder. Raises ``YamlError``
    and ``SettingsError``.
    """
    where = str(path)
    document = read_yaml(path)
    if not isinstance(document, dict):
        raise SettingsError([("config", "is missing; add it")], where=where)
    unknown = [shown(str(key)) for key in document if key not in _TOP_LEVEL]
    if unknown:
        problem = "is no part of a stack file; settings go below 'config:'"
        raise SettingsError([(key, problem) for key in unknown], where=where)
    config = document.get("config")
    if not isinstance(config, dict):
        raise SettingsError([("config", "is missing; add it")], where=where)
    encrypted: set[str] = set()
    raw: dict[str, object] = {}
    for key, value in config.items():
        namespace, _, section = str(key).partition(":")
        if namespace == NAMESPACE:
            raw[section] = _decrypted(value, section, encrypted)
    return parse(raw, where=where, encrypted=encrypted)


def _decrypted(value: object, path: str, encrypted: set[str]) -> object:
    if isinstance(value, dict):
        if list(value) == ["secure"]:
            encrypted.add(path)
            return ENCRYPTED
        return {key: _decrypted(item, f"{path}.{key}", encrypted) for key, item in value.items()}
    if isinstance(value, list):
        return [_decrypted(item, f"{path}[{index}]", encrypted) for index, item in enumerate(value)]
    return value
