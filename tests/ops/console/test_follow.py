"""Following a real Kafka through its absence."""

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

from ops.console.follow import KafkaFollower
from ops.console.state import Picture
from ops.stack.local import LocalStack
from ops.stack.ports import LOOPBACK, free_ports
from streams.feeds.sender import EventSender
from streams.settings import Settings
from tests.ops.story import POOLS, Message, Story

WAIT_S = 60.0  # until something counts as not coming; nothing asserts on time


def send(settings: Settings, messages: list[Message]) -> None:
    """Send, and return when all is acknowledged."""
    with EventSender(settings) as sender:
        for topic, key, message in messages:
            sender.send(topic, key, message)
        sender.flush()


class Following:
    """A follower in its thread, and waiting for what it sees."""

    def __init__(self, settings: Settings) -> None:
        self.picture = Picture()
        self.stop = threading.Event()
        self.thread = KafkaFollower(settings, self.picture, self.stop, time.time)
        self.thread.start()

    def until_connected(self, ok: bool) -> None:
        """Wait until the picture says that Kafka is reached, or is not."""
        self._until(
            lambda: self.picture.connections["kafka"].ok is ok and self.picture.connections["kafka"].since_s > 0
        )

    def until_buckets(self, count: int) -> None:
        """Wait until so many closed buckets were read."""
        self._until(lambda: self.picture.buckets_read >= count)

    def _until(self, done: Callable[[], bool]) -> None:
        deadline_s = time.monotonic() + WAIT_S
        while not done():
            assert time.monotonic() < deadline_s, self.picture.connections["kafka"]
            time.sleep(0.05)

    def end(self) -> None:
        """Stop the thread."""
        self.stop.set()
        self.thread.join(WAIT_S)


def test_an_absent_broker_is_told(tmp_path: Path) -> None:
    """Where nobody answers, the picture says so and names the address."""
    broker = f"{LOOPBACK}:{free_ports(1)[0]}"
    following = Following(Settings(broker=broker, data_dir=tmp_path))
    try:
        following.until_connected(ok=False)
    finally:
        following.end()

    assert broker in following.picture.connections["kafka"].text


def test_the_follower_goes_on_where_it_was_after_a_silent_broker(stack: LocalStack, settings: Settings) -> None:
    """A broker that hangs is told as gone; when it wakes, nothing is missed and nothing is read twice."""
    story = Story(POOLS[0])
    items = len(POOLS[0].resources)
    following = Following(settings)
    try:
        send(settings, story.step()[0])
        following.until_connected(ok=True)
        following.until_buckets(items)

        os.kill(stack.kafka.pid, signal.SIGSTOP)
        try:
            following.until_connected(ok=False)
        finally:
            os.kill(stack.kafka.pid, signal.SIGCONT)
        send(settings, story.step()[0])
        following.until_connected(ok=True)
        following.until_buckets(2 * items)
    finally:
        following.end()

    assert following.picture.buckets_read == 2 * items
    assert len(following.picture.actions) == 2 * items
