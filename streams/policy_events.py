"""What is told of policies: a trained one for workers without its files, and who is champion and challenger.

Both are values of the compacted topic `policies` and carry the seal of the installation (`HEADGATE_SEAL_HMAC_KEY`): who
may write to the topic cannot choose who decides. A worker on another machine needs the same key, and nothing else.
"""

import msgspec

FAMILY = "inventory"


class PolicyFile(msgspec.Struct, frozen=True, kw_only=True, tag="policy.v1"):
    """A trained policy, whole. Topic `policies`, under its version."""

    family: str  # "inventory"
    version: str  # the first twelve characters of the digest of its weights
    manifest: msgspec.Raw  # see policies/manifest.py
    network: bytes  # ONNX, in base64
    seal: str  # HMAC-SHA256 over manifest and network


class PolicyAliases(msgspec.Struct, frozen=True, kw_only=True, tag="policy-aliases.v1"):
    """Who is champion and who challenger from now on. Topic `policies`; the newest one counts."""

    family: str  # "inventory"
    revision: int  # of the aliases
    aliases: msgspec.Raw  # see policies/aliases.py
    seal: str  # HMAC-SHA256 over aliases


def file_key(family: str, version: str) -> str:
    """Return the key under which a policy lies on the topic.

    >>> file_key("inventory", "0123456789ab")
    'inventory/0123456789ab'
    """
    return f"{family}/{version}"
