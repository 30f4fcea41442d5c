"""A policy file is served only when it is what headgate shipped or what this installation sealed."""

import shutil
from pathlib import Path

import msgspec
import pytest

from policies import trained_files
from policies.errors import PolicyFileError
from policies.inventory.learned import serve
from policies.manifest import Manifest
from policies.registry import load_policy

KEY, OTHER_KEY = b"k" * 32, b"o" * 32


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """Return a data folder with the shipped policy, sealed as an older headgate did that had trained it."""
    shipped = trained_files.load_shipped()
    trained_files.write(trained_files.local_folder(tmp_path), shipped.manifest, shipped.network, KEY)
    return tmp_path


def other_version(letter: str = "c") -> Manifest:
    """Return the manifest of a network that is the shipped one under another version."""
    return msgspec.structs.replace(trained_files.load_shipped().manifest, version=letter * 64)


def test_what_an_older_headgate_trained_here_is_served(data_dir: Path):
    """The old place is read as long as it is there, and preferred to what ships."""
    version = trained_files.load_shipped().manifest.short_version

    assert trained_files.find(version, data_dir, KEY).folder == trained_files.local_folder(data_dir)
    assert load_policy("learned", data_dir=data_dir, seal_key=KEY).name == "learned"


def test_the_old_place_is_taken_over(data_dir: Path):
    """It becomes one folder among others, its seal still holds, and there is nothing to take over twice."""
    version = trained_files.load_shipped().manifest.short_version

    moved = trained_files.take_over(data_dir)

    assert moved == trained_files.local_folder(data_dir) / version
    assert trained_files.find(version, data_dir, KEY).folder == moved
    assert trained_files.take_over(data_dir) is None


def test_versions_lie_side_by_side(tmp_path: Path):
    """Each is found by its own name, what ships among them; another name is told with those that are here."""
    network = trained_files.load_shipped().network
    for letter in "cd":
        trained_files.add(tmp_path, other_version(letter), network, KEY)

    assert list(trained_files.folders(tmp_path)) == ["c" * 12, "d" * 12]
    assert trained_files.find("d" * 12, tmp_path, KEY).manifest == other_version("d")
    shipped = trained_files.load_shipped().manifest.short_version
    assert trained_files.find(shipped, tmp_path, KEY).folder == trained_files.SHIPPED
    with pytest.raises(PolicyFileError, match=f"{'e' * 12} is not here; known: .*{'c' * 12}"):
        trained_files.find("e" * 12, tmp_path, KEY)


def test_an_empty_data_folder_serves_what_ships(tmp_path: Path):
    """Nothing trained here is no error."""
    version = trained_files.load_shipped().manifest.short_version
    assert trained_files.find(version, tmp_path, None).folder == trained_files.SHIPPED


@pytest.mark.parametrize("name", [trained_files.NETWORK, trained_files.MANIFEST])
def test_one_changed_byte_is_refused(data_dir: Path, name: str):
    """Network and manifest are both under the seal."""
    path = trained_files.local_folder(data_dir) / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)

    with pytest.raises(PolicyFileError, match=r"was modified, .*train inventory"):
        load_policy("base-stock", data_dir=data_dir, seal_key=KEY)


def test_a_foreign_seal_is_refused(data_dir: Path):
    """A policy sealed elsewhere is not ours, however well formed."""
    with pytest.raises(PolicyFileError, match="another installation's key"):
        load_policy("learned", data_dir=data_dir, seal_key=OTHER_KEY)


def test_an_unsigned_policy_is_refused(data_dir: Path):
    """Without a seal nothing is loaded, and the text says what to do."""
    (trained_files.local_folder(data_dir) / trained_files.SEAL).unlink()

    with pytest.raises(PolicyFileError, match=r"unsigned.*train inventory.*remove the folder"):
        load_policy("learned", data_dir=data_dir, seal_key=KEY)


def test_a_caller_without_key_is_told(data_dir: Path):
    """A local policy is never served unchecked."""
    with pytest.raises(PolicyFileError, match="without the seal key"):
        load_policy("learned", data_dir=data_dir)


def test_a_changed_shipped_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The package's own files are pinned: the manifest by its digest, the network by the manifest."""
    for name in (trained_files.NETWORK, trained_files.MANIFEST):
        folder = tmp_path / name
        shutil.copytree(trained_files.SHIPPED, folder)
        (folder / name).write_bytes((folder / name).read_bytes() + b" ")
        monkeypatch.setattr(trained_files, "SHIPPED", folder)
        with pytest.raises(PolicyFileError, match=rf"{name} (is not the file that ships|was modified)"):
            trained_files.load_shipped()
        monkeypatch.undo()


def test_a_huge_file_is_not_read(data_dir: Path):
    """What is larger than any network of ours is refused before it fills the memory."""
    with (trained_files.local_folder(data_dir) / trained_files.NETWORK).open("r+b") as file:
        file.truncate(trained_files.BYTES_MAX + 1)

    with pytest.raises(PolicyFileError, match=f"more than {trained_files.BYTES_MAX} bytes"):
        load_policy("learned", data_dir=data_dir, seal_key=KEY)


def test_other_features_are_refused():
    """A network that learnt on other features would answer nonsense without an error."""
    shipped = trained_files.load_shipped()
    older = msgspec.structs.replace(shipped.manifest, features_version=0)

    with pytest.raises(PolicyFileError, match="trained on features version 0"):
        serve(trained_files.Trained(older, shipped.network, shipped.folder))


def test_bytes_that_are_no_network_are_refused():
    """A sealed file that onnxruntime cannot read is named, not raised as the library's own error."""
    shipped = trained_files.load_shipped()

    with pytest.raises(PolicyFileError, match="cannot be loaded"):
        serve(trained_files.Trained(shipped.manifest, b"not a network", shipped.folder))
