"""Where secrets live: a setting or a file of mode 0600 in, key bytes out."""

import os
import secrets
from pathlib import Path

from streams.errors import ConfigurationError

KEY_BYTES = 32


def load_or_create(configured_hex: str, path: Path) -> bytes:
    """Return the key in `configured_hex`, else the one in the file `path`, made once with mode 0600.

    Raises ConfigurationError when the setting is no hex of at least 32 bytes or the file can be read by others.
    """
    if configured_hex:
        return _parsed(configured_hex, "the configured HMAC key")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        if path.stat().st_mode & 0o077:
            raise ConfigurationError(f"key file {path} can be read by others; run: chmod 600 {path}") from None
        return _parsed(path.read_text(encoding="ascii"), f"key file {path}")
    with os.fdopen(handle, "w", encoding="ascii") as file:
        key = secrets.token_bytes(KEY_BYTES)
        file.write(key.hex())
    return key


def _parsed(text: str, where: str) -> bytes:
    try:
        key = bytes.fromhex(text.strip())
    except ValueError as error:
        raise ConfigurationError(f"{where} is not hexadecimal") from error
    if len(key) < KEY_BYTES:
        raise ConfigurationError(f"{where} has {len(key)} bytes; at least {KEY_BYTES} are needed")
    return key
