"""A folder with a trained policy in, its manifest and network out, once both are proven to be what they claim.

What ships with the package is pinned here by its digest. What was trained elsewhere carries a seal (an
HMAC-SHA256 over both files) made with the key of this installation; nothing else is ever loaded.
"""

import hashlib
import hmac
from dataclasses import dataclass
from pathlib import Path

from policies import manifest as manifests
from policies.errors import PolicyFileError
from policies.manifest import Manifest

SHIPPED = Path(__file__).parent / "trained" / "inventory"
SHIPPED_MANIFEST_SHA256 = "be2e74add5cad26f5289a1584695fcb25e5553b02973de88499f23e6ca7cb4da"

BYTES_MAX = 4 * 1024 * 1024  # a larger file is no network of ours
NETWORK, MANIFEST, SEAL = "policy.onnx", "manifest.json", "seal.hex"


@dataclass(frozen=True, slots=True)
class Trained:
    """A trained policy that may be loaded."""

    manifest: Manifest
    network: bytes  # ONNX
    folder: Path


def load(data_dir: Path | None, seal_key: bytes | None) -> Trained:
    """Return the policy trained here if `data_dir/policies/inventory` has one, else the shipped one."""
    local = None if data_dir is None else local_folder(data_dir)
    if local is not None and (local / MANIFEST).exists():
        return _sealed(local, seal_key)
    return _shipped()


def local_folder(data_dir: Path) -> Path:
    """Return where policies trained here lie."""
    return data_dir / "policies" / "inventory"


def write(folder: Path, manifest: Manifest, network: bytes, seal_key: bytes) -> None:
    """Write a trained policy and its seal; an interrupted write leaves one that is refused, never a mixture."""
    text = manifests.encode(manifest)
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in ((NETWORK, network), (MANIFEST, text), (SEAL, _seal(seal_key, text, network).encode())):
        partial = folder / f"{name}.partial"
        partial.write_bytes(content)
        partial.replace(folder / name)


def _shipped() -> Trained:
    text = _read(SHIPPED / MANIFEST)
    digest = hashlib.sha256(text).hexdigest()
    if digest != SHIPPED_MANIFEST_SHA256:
        raise PolicyFileError(
            f"{SHIPPED / MANIFEST} is not the file that ships with headgate (sha256 {digest[:12]}..., expected "
            f"{SHIPPED_MANIFEST_SHA256[:12]}...); install headgate again"
        )
    return _checked(SHIPPED, text, _read(SHIPPED / NETWORK))


def _sealed(folder: Path, seal_key: bytes | None) -> Trained:
    remedy = "run `headgate train inventory` again, or remove the folder to serve what ships with headgate"
    if not (folder / SEAL).exists():
        raise PolicyFileError(f"the policy in {folder} is unsigned: it has no {SEAL}; {remedy}")
    if seal_key is None:
        raise PolicyFileError(f"the policy in {folder} cannot be checked without the seal key of this installation")
    text, network = _read(folder / MANIFEST), _read(folder / NETWORK)
    found = _read(folder / SEAL).decode("ascii", errors="replace").strip()
    if not hmac.compare_digest(found.encode(), _seal(seal_key, text, network).encode()):
        raise PolicyFileError(
            f"the policy in {folder} was modified, or sealed with another installation's key; {remedy}"
        )
    return _checked(folder, text, network)


def _checked(folder: Path, text: bytes, network: bytes) -> Trained:
    manifest = manifests.decode(text, str(folder / MANIFEST))
    digest = hashlib.sha256(network).hexdigest()
    if digest != manifest.network_sha256:
        raise PolicyFileError(
            f"{folder / NETWORK} was modified: its sha256 is {digest[:12]}..., its manifest says "
            f"{manifest.network_sha256[:12]}...; restore the file or train again"
        )
    return Trained(manifest, network, folder)


def _seal(key: bytes, text: bytes, network: bytes) -> str:
    """Return the seal; the length in front keeps bytes from wandering from one file to the other."""
    return hmac.new(key, len(text).to_bytes(8, "big") + text + network, hashlib.sha256).hexdigest()


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(BYTES_MAX + 1)
    except OSError as error:
        raise PolicyFileError(f"policy file {path} cannot be read: {error.strerror}; install headgate again") from error
    if len(content) > BYTES_MAX:
        raise PolicyFileError(f"policy file {path} has more than {BYTES_MAX} bytes; it is no network of headgate's")
    return content
