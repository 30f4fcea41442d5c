"""A folder with a streaming policy in, the policy ready to decide out, once its files are what they claim to be.

The manifest that ships is pinned here by its digest, and names those of both networks. What was trained anew is loaded
by the digest that its training told.
"""

import hashlib
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from policies.errors import PolicyFileError
from policies.inventory import demand_memory
from policies.inventory.learned import session
from policies.inventory.streaming import Streaming
from policies.trained_files import read

SHIPPED = Path(__file__).parent.parent / "trained" / "streaming"
SHIPPED_MANIFEST_SHA256 = "8823ddf730f0fd361b14a1242613f5f807b5224ba75cc531102880e6f12e8376"

BYTES_MAX = 1024 * 1024  # a larger file is none of ours
MANIFEST, REMEMBER, ORDER = "manifest.json", "remember.onnx", "order.onnx"

Sha256 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


class StreamingManifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a streaming policy is and how it was made."""

    format: Literal[1]
    name: str
    version: Sha256  # digest over both networks
    remember_sha256: Sha256  # of the half that takes demand in
    order_sha256: Sha256  # of the half that orders
    held_size: int  # numbers that the network keeps of an item
    features_version: int
    features: tuple[str, ...]
    training: dict[str, str | int | float]  # steps, seeds, versions of the libraries; demand is generated


def shipped() -> Streaming:
    """Return the policy that ships with headgate; raise PolicyFileError when it was changed."""
    return load(SHIPPED, SHIPPED_MANIFEST_SHA256)


def load(folder: Path, manifest_sha256: str) -> Streaming:
    """Return the policy in `folder`; raise PolicyFileError unless every file is the one that its digest names."""
    manifest = _manifest(_pinned(folder / MANIFEST, manifest_sha256), folder)
    if (manifest.features_version, manifest.features) != (demand_memory.VERSION, demand_memory.NAMES):
        raise PolicyFileError(
            f"the policy in {folder} was trained on features version {manifest.features_version}, this headgate "
            f"computes version {demand_memory.VERSION}; train it again"
        )
    remember, order = (
        session(_pinned(folder / name, digest), str(folder / name))
        for name, digest in ((REMEMBER, manifest.remember_sha256), (ORDER, manifest.order_sha256))
    )
    return Streaming(remember, order, manifest.held_size, manifest.version[:12])


def write(
    folder: Path, remember: bytes, order: bytes, held_size: int, training: dict[str, str | int | float]
) -> tuple[StreamingManifest, str]:
    """Write both networks and their manifest; return it and the digest that `load` asks for."""
    manifest = StreamingManifest(
        format=1,
        name="streaming",
        version=_digest(remember + order),
        remember_sha256=_digest(remember),
        order_sha256=_digest(order),
        held_size=held_size,
        features_version=demand_memory.VERSION,
        features=demand_memory.NAMES,
        training=training,
    )
    text = msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in ((REMEMBER, remember), (ORDER, order), (MANIFEST, text)):
        (folder / name).write_bytes(content)
    return manifest, _digest(text)


def _manifest(text: bytes, folder: Path) -> StreamingManifest:
    try:
        return msgspec.json.decode(text, type=StreamingManifest)
    except msgspec.DecodeError as error:
        raise PolicyFileError(f"{folder / MANIFEST} is no manifest of this version of headgate: {error}") from error


def _pinned(path: Path, sha256: str) -> bytes:
    content = read(path, BYTES_MAX)
    found = _digest(content)
    if found != sha256:
        raise PolicyFileError(
            f"{path} is not the file it should be (sha256 {found[:12]}..., expected {sha256[:12]}...); "
            f"install headgate again, or train the policy anew"
        )
    return content


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
