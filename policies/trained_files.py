"""Folders with trained policies in, manifests and networks out, once they are proven to be what they claim.

What ships with the package is pinned here by its digest. What was trained elsewhere carries a seal (an
HMAC-SHA256 over both files) made with the key of this installation; nothing else is ever loaded. Several lie side by
side, each in the folder of its version: `DATA_DIR/policies/inventory/0123456789ab/`.
"""

import hashlib
import hmac
from dataclasses import dataclass
from pathlib import Path

from policies import manifest as manifests
from policies.errors import PolicyFileError
from policies.manifest import VERSION_CHARACTERS, Manifest

SHIPPED = Path(__file__).parent / "trained" / "inventory"
SHIPPED_MANIFEST_SHA256 = "9e34b4e069ef6d808e2b24b2a60bbeca00e5aa24f65c665eb24cd50deece1612"

BYTES_MAX = 4 * 1024 * 1024  # a larger file is no network of ours
NETWORK, MANIFEST, SEAL = "policy.onnx", "manifest.json", "seal.hex"
FILES = (NETWORK, MANIFEST, SEAL)


@dataclass(frozen=True, slots=True)
class Trained:
    """A trained policy that may be loaded."""

    manifest: Manifest
    network: bytes  # ONNX
    folder: Path  # where it came from, for messages


def load_shipped() -> Trained:
    """Return what ships with headgate; raise PolicyFileError when it was changed."""
    text = read(SHIPPED / MANIFEST)
    digest = hashlib.sha256(text).hexdigest()
    if digest != SHIPPED_MANIFEST_SHA256:
        raise PolicyFileError(
            f"{SHIPPED / MANIFEST} is not the file that ships with headgate (sha256 {digest[:12]}..., expected "
            f"{SHIPPED_MANIFEST_SHA256[:12]}...); install headgate again"
        )
    return checked(SHIPPED, text, read(SHIPPED / NETWORK))


def find(version: str, data_dir: Path | None, seal_key: bytes | None) -> Trained:
    """Return the policy whose short version is `version`: trained here, or the shipped one.

    Raises PolicyFileError when there is none, or it cannot be trusted.
    """
    here = folders(data_dir)
    if version in here:
        return load_folder(here[version], seal_key)
    shipped = load_shipped()
    if version == shipped.manifest.short_version:
        return shipped
    known = ", ".join(sorted({*here, shipped.manifest.short_version}))
    raise PolicyFileError(f"policy {version} is not here; known: {known}")


def load_folder(folder: Path, seal_key: bytes | None) -> Trained:
    """Return the policy in `folder`; raise PolicyFileError unless this installation has sealed it as it is."""
    remedy = "run `headgate train inventory` again, or remove the folder to serve what ships with headgate"
    if not (folder / SEAL).exists():
        raise PolicyFileError(f"the policy in {folder} is unsigned: it has no {SEAL}; {remedy}")
    if seal_key is None:
        raise PolicyFileError(f"the policy in {folder} cannot be checked without the seal key of this installation")
    text, network = read(folder / MANIFEST), read(folder / NETWORK)
    found = read(folder / SEAL).decode("ascii", errors="replace").strip()
    if not is_sealed(seal_key, text, network, found):
        raise PolicyFileError(
            f"the policy in {folder} was modified, or sealed with another installation's key; {remedy}"
        )
    return checked(folder, text, network)


def checked(folder: Path, text: bytes, network: bytes) -> Trained:
    """Return the policy of a trusted manifest if its network is the one that the manifest names."""
    manifest = manifests.decode(text, str(folder / MANIFEST))
    digest = hashlib.sha256(network).hexdigest()
    if digest != manifest.network_sha256:
        raise PolicyFileError(
            f"{folder / NETWORK} was modified: its sha256 is {digest[:12]}..., its manifest says "
            f"{manifest.network_sha256[:12]}...; restore the file or train again"
        )
    return Trained(manifest, network, folder)


def local_folder(data_dir: Path) -> Path:
    """Return where policies trained here lie, each in a folder of its own."""
    return data_dir / "policies" / "inventory"


def folders(data_dir: Path | None) -> dict[str, Path]:
    """Return the folder of each policy that was trained here, by its short version; nothing is checked yet.

    One in the place where older versions of headgate kept their only policy is among them.
    """
    local = None if data_dir is None else local_folder(data_dir)
    if local is None or not local.is_dir():
        return {}
    found = {one.name: one for one in sorted(local.iterdir()) if (one / MANIFEST).exists()}
    if (local / MANIFEST).exists():
        found.setdefault(_version_in(local), local)
    return found


def add(data_dir: Path, manifest: Manifest, network: bytes, seal_key: bytes) -> Path:
    """Put a policy beside those that are there; return its folder. Nothing is served before it is promoted."""
    folder = local_folder(data_dir) / manifest.short_version
    write(folder, manifest, network, seal_key)
    return folder


def take_over(data_dir: Path) -> Path | None:
    """Move the only policy of an older headgate into the folder of its version; return it, None if there is none."""
    local = local_folder(data_dir)
    if not (local / MANIFEST).exists():
        return None
    folder = local / _version_in(local)
    folder.mkdir(exist_ok=True)
    for name in FILES:  # the manifest after the network: until then the old place is read
        if (local / name).exists():
            (local / name).replace(folder / name)
    return folder


def write(folder: Path, manifest: Manifest, network: bytes, seal_key: bytes) -> None:
    """Write a trained policy and its seal; an interrupted write leaves one that is refused, never a mixture."""
    text = manifests.encode(manifest)
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in ((NETWORK, network), (MANIFEST, text), (SEAL, seal(seal_key, text, network).encode())):
        partial = folder / f"{name}.partial"
        partial.write_bytes(content)
        partial.replace(folder / name)


def seal(key: bytes, text: bytes, network: bytes) -> str:
    """Return the seal; the length in front keeps bytes from wandering from one file to the other."""
    return hmac.new(key, len(text).to_bytes(8, "big") + text + network, hashlib.sha256).hexdigest()


def is_sealed(key: bytes, text: bytes, network: bytes, found: str) -> bool:
    """Return whether `found` is the seal of both files under `key`."""
    return hmac.compare_digest(found.encode(), seal(key, text, network).encode())


def _version_in(folder: Path) -> str:
    """Return the short version that an unchecked manifest claims, or "unreadable"."""
    try:
        return manifests.decode(read(folder / MANIFEST), str(folder / MANIFEST)).version[:VERSION_CHARACTERS]
    except PolicyFileError:
        return "unreadable"


def read(path: Path, bytes_max: int = BYTES_MAX) -> bytes:
    """Return what is in the file `path`; raise PolicyFileError when it cannot be read or is larger than a policy's."""
    try:
        with path.open("rb") as file:
            content = file.read(bytes_max + 1)
    except OSError as error:
        raise PolicyFileError(f"policy file {path} cannot be read: {error.strerror}; install headgate again") from error
    if len(content) > bytes_max:
        raise PolicyFileError(f"policy file {path} has more than {bytes_max} bytes; it is no network of headgate's")
    return content
