"""`headgate gateway` as a process that is killed, and its own limits file: read as written, or told what is wrong."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from kafka import KafkaProducer

from ops.commands.gateway import LIMITS, read_own_limits
from streams.connections import kafka_options
from streams.errors import ConfigurationError
from streams.settings import Settings
from tests.ops.gateway_world import PATIENCE_S, World, allocation_of, outcomes_in, publish, reader, spec_of, wait_for


def test_limits_by_pool_and_resource(tmp_path: Path) -> None:
    """Without a file there are none."""
    path = tmp_path / LIMITS
    assert read_own_limits(path) == {}
    path.write_text('[order_units_max]\n"shop/mug" = 40\nshop = 100\n')

    assert read_own_limits(path) == {"shop/mug": 40.0, "shop": 100.0}


@pytest.mark.parametrize("text", ["[order_units_max", "[order_units_max]\nshop = 'many'", "[orders]\nshop = 1", ""])
def test_a_wrong_file_is_told(tmp_path: Path, text: str) -> None:
    """A limit that is not understood is not ignored."""
    path = tmp_path / LIMITS
    path.write_text(text)

    with pytest.raises(ConfigurationError, match="gateway limits"):
        read_own_limits(path)


@contextmanager
def running(settings: Settings, url: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run `headgate gateway` as its own process; kill it at the end."""
    command = [sys.executable, "-m", "ops.cli", "gateway", "--to", url]
    process = subprocess.Popen(command, env={**os.environ, **settings.environment()})
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_killed_while_the_receiver_acts(settings: Settings) -> None:
    """SIGKILL at the worst moment: after the restart there is one act and one outcome for each action."""
    world = World()
    world.start()
    acting, go_on = threading.Event(), threading.Event()

    def hang(key: str, attempt: int) -> int | None:
        if "/b/" in key and attempt == 1:
            acting.set()
            go_on.wait(PATIENCE_S)
        return None

    world.fail = hang
    producer = KafkaProducer(**kafka_options(settings), acks="all")
    days = [allocation_of("killed", f"2010-07-{day:02}", valid_s=1e9, a=1.0, b=2.0) for day in range(1, 6)]
    publish(producer, spec_of("killed"), *days)
    producer.close()
    url = f"http://127.0.0.1:{world.port}"
    try:
        with running(settings, url):
            assert acting.wait(PATIENCE_S)
        go_on.set()  # the world acts, and nobody is there to hear of it
        with running(settings, url):
            wait_for(lambda: len(outcomes_in(settings)) >= 10)
    finally:
        world.stop()

    outcomes = outcomes_in(settings)
    reader(settings.broker).close()
    assert len({outcome.action_id for outcome in outcomes}) == len(outcomes) == 10
    assert {outcome.status for outcome in outcomes} == {"applied"}
    assert sorted(world.acted) == sorted(outcome.action_id for outcome in outcomes)
    assert set(world.acted.values()) == {1}
