"""The web server itself: ports, streams and slow readers; no Kafka or Redis answers here."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import msgspec
import pytest

from ops.console.app import STREAMS_MAX
from ops.console.serving import Running, listen, running
from ops.stack.ports import LOOPBACK, free_ports
from streams.errors import ConfigurationError
from streams.settings import Settings
from tests.ops.story import POOLS, Story


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Serve a console that reaches no server."""
    kafka, valkey = free_ports(2)
    settings = Settings(
        broker=f"{LOOPBACK}:{kafka}", redis=f"redis://{LOOPBACK}:{valkey}/0", console_port=0,
        data_dir=tmp_path_factory.mktemp("data"),
    )  # fmt: skip
    with running(settings, time.time) as console:
        yield console


def events(address: str, lines: Iterator[str]) -> Iterator[dict[str, object]]:
    """Yield what a stream tells."""
    for line in lines:
        if line.startswith("data: "):
            yield msgspec.json.decode(line.removeprefix("data: "))


def test_a_stream_tells_everything_once_and_then_what_changed(console: Running) -> None:
    """The first message is full; the next has only what came in between."""
    story = Story(POOLS[0])
    for _, _, message in story.step()[0]:
        console.picture.fold(message, 1.0)
    with httpx.stream("GET", f"{console.address}/events", timeout=30.0) as answer:
        told = events(console.address, answer.iter_lines())
        first, second = next(told), next(told)
        for _, _, message in story.step()[0]:
            console.picture.fold(message, 2.0)
        third = next(values for values in told if values["rows"])

    assert answer.headers["content-type"].startswith("text/event-stream")
    assert (first["full"], second["full"], third["full"]) == (True, False, False)
    assert isinstance(first["rows"], list)
    assert len(first["rows"]) == len(POOLS[0].resources)
    assert second["rows"] == []


def test_streams_are_bounded_and_their_places_come_back(console: Running) -> None:
    """One page too many is told to come back later; when one goes, there is room."""
    address = f"{console.address}/events"
    readers = []  # a reader that is let go closes its stream
    with ExitStack() as held:
        client = held.enter_context(httpx.Client(timeout=30.0, limits=httpx.Limits(max_connections=None)))
        for _ in range(STREAMS_MAX):
            answer = held.enter_context(client.stream("GET", address))
            assert answer.status_code == 200
            readers.append(answer.iter_raw())
            next(readers[-1])  # it is being told
        assert status_of_stream(address) == 503
    while status_of_stream(address) != 200:
        time.sleep(0.1)  # the server notices a closed connection when it next writes


def status_of_stream(address: str) -> int:
    """Return the status with which a stream begins."""
    with httpx.stream("GET", address, timeout=30.0) as answer:
        return answer.status_code


def test_a_reader_that_never_reads_holds_up_nobody(console: Running) -> None:
    """A page that stops reading costs the others nothing."""
    place = urlsplit(console.address)
    with socket.create_connection((place.hostname or "", place.port or 0)) as deaf:
        deaf.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        for _ in range(3):
            with httpx.stream("GET", f"{console.address}/events", timeout=30.0) as answer:
                told = events(console.address, answer.iter_lines())
                assert next(told)["full"]
                assert not next(told)["full"]


def test_a_taken_port_is_left_to_its_owner(tmp_path: Path) -> None:
    """The next free one is taken, and the note says which was not."""
    with socket.create_server((LOOPBACK, 0)) as owner:
        taken = owner.getsockname()[1]
        listener, note = listen(LOOPBACK, taken)
        with listener:
            assert listener.getsockname()[1] != taken
        assert f"port {taken} is taken" in note


def test_a_host_that_is_not_ours_is_a_clear_error() -> None:
    """The message names the setting and says what would do."""
    with pytest.raises(ConfigurationError, match=r"console host .*127\.0\.0\.1|cannot be bound"):
        listen("192.0.2.1", 0)
