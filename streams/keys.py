"""Where secrets live: a setting or a file of mode 0600 in, key bytes out."""

import os
import secrets
from pathlib import Path

from streams.errors import ConfigurationError
from streams.settings import Settings

KEY_BYTES = 32


def seal_key(settings: Settings) -> bytes:
    """Return the key that seals this installation's snapshots and trained policies."""
    return load_or_create(settings.seal_hmac_key, settings.data_dir / "keys" / "seal.key")


def load_or_create(configured_hex: str, path: Path) -> bytes:
    """Return the key in `configured_hex`, else the one in the file `path`, made once with mode 0600.

    Raises ConfigurationError when the setting is no hex of at least 32 bytes or the file can be read by others.
    """
    if configured_hex:
        return _parsed(configured_hex, "the configured HMAC key")
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        _create(path)
    if path.stat().st_mode & 0o077:
        raise ConfigurationError(f"key file {path} can be read by others; run: chmod 600 {path}")
    return _parsed(path.read_text(encoding="ascii"), f"key file {path}")


def _create(path: Path) -> None:
    """Write a new key aside and link it into place: of several processes that start at once one wins, whole."""
    aside = path.with_name(f"{path.name}.{os.getpid()}")
    handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secrets.token_bytes(KEY_BYTES).hex())
    try:
        os.link(aside, path)
    except FileExistsError:
        return
    finally:
        aside.unlink()


def _parsed(text: str, where: str) -> bytes:
    try:
        key = bytes.fromhex(text.strip())
    except ValueError as error:
        raise ConfigurationError(f"{where} is not hexadecimal") from error
    if len(key) < KEY_BYTES:
        raise ConfigurationError(f"{where} has {len(key)} bytes; at least {KEY_BYTES} are needed")
    return key
