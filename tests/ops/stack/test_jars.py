"""Downloads from a real (local) repository: what arrives whole is kept, what does not is named."""

import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ops.stack import jars
from streams.errors import ConfigurationError, UnavailableError

CONTENT = b"a jar, as far as a checksum can tell"
COORDINATE = "org.example:thing:1.0"
JAR = jars.Jar(COORDINATE, hashlib.sha256(CONTENT).hexdigest(), len(CONTENT))


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[str]:
    """Yield the address of a Maven repository with one file."""
    root = tmp_path / "repository"
    place = root / "org" / "example" / "thing" / "1.0"
    place.mkdir(parents=True)
    (place / JAR.file_name).write_bytes(CONTENT)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=str(root)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_missing_jar_is_downloaded_once_with_progress(repository: str, tmp_path: Path):
    """The first call downloads and says so; the second needs no repository at all."""
    said: list[str] = []
    first = jars.ensure_jars(said.append, mirror=repository, folder=tmp_path, jars=[JAR])
    assert [path.read_bytes() for path in first] == [CONTENT]
    assert any(JAR.file_name in line for line in said)

    again: list[str] = []
    assert jars.ensure_jars(again.append, mirror="http://127.0.0.1:1", folder=tmp_path, jars=[JAR]) == first
    assert again == []


def test_a_file_with_another_checksum_is_refused_and_not_kept(repository: str, tmp_path: Path):
    """What is not the pinned file never gets the name under which it would be used."""
    pinned = jars.Jar(COORDINATE, "0" * 64, len(CONTENT))

    with pytest.raises(ConfigurationError, match=r"thing-1\.0\.jar has checksum .* HEADGATE_MAVEN_MIRROR .* --broker"):
        jars.ensure_jars(lambda _: None, mirror=repository, folder=tmp_path, jars=[pinned])

    assert not list((tmp_path / "jars").glob("*.jar"))


def test_without_a_network_the_message_says_what_to_do_instead(tmp_path: Path):
    """Nothing listens on port 1: the error names the file, the setting and the way round."""
    with pytest.raises(UnavailableError, match=r"cannot download thing-1\.0\.jar .* HEADGATE_MAVEN_MIRROR.* --broker"):
        jars.ensure_jars(lambda _: None, mirror="http://127.0.0.1:1", folder=tmp_path, jars=[JAR])


def test_a_file_that_the_repository_lacks_is_named(repository: str, tmp_path: Path):
    """A 404 is no crash of the resolver."""
    absent = jars.Jar("org.example:other:2.0", "0" * 64, 1)

    with pytest.raises(UnavailableError, match=r"other-2\.0\.jar"):
        jars.ensure_jars(lambda _: None, mirror=repository, folder=tmp_path, jars=[absent])


def test_the_lock_pins_kafka_itself_and_a_log_backend():
    """The lock file is of the version that the module names."""
    names = [jar.file_name for jar in jars.pinned()]

    assert f"kafka_2.13-{jars.KAFKA_VERSION}.jar" in names
    assert any(name.startswith("slf4j-simple") for name in names)
    assert len(names) == len(set(names))
