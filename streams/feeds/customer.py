"""A customer's identifier in, a keyed HMAC out: what leaves a feed tells customers apart and names none."""

import hmac

from streams.keys import load_or_create
from streams.settings import Settings

KEY_HEX_DIGITS = 32  # 128 bits: two customers of one shop never meet


def customer_key(identifier: str, hmac_key: bytes) -> str | None:
    """Return the key of the customer, None for an empty identifier.

    A spreadsheet's "13085.0" is the customer "13085".

    >>> customer_key("13085.0", b"0" * 32) == customer_key(" 13085", b"0" * 32), customer_key("", b"0" * 32)
    (True, None)
    """
    bare = identifier.strip().removesuffix(".0")
    if not bare:
        return None
    return hmac.new(hmac_key, bare.encode(), "sha256").hexdigest()[:KEY_HEX_DIGITS]


def load_hmac_key(settings: Settings) -> bytes:
    """Return the key of this installation: the setting, else a file made once with mode 0600."""
    return load_or_create(settings.customer_hmac_key, settings.data_dir / "customer-hmac.key")
