"""Faust reading on from snapshots: its aiokafka transport with `seek_to_committed` answered by the shards.

Commits are informational: the truth is the `next_offset` inside each snapshot (see the design, section 5).
"""

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import faust
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from streams.errors import ConfigurationError
from streams.shards import Shards
from streams.topics import INPUT_TOPICS

TESTED = {"faust-streaming": "0.15.3", "aiokafka": "0.14.0"}
_INPUT_NAMES = frozenset(spec.name for spec in INPUT_TOPICS)


def check_versions() -> None:
    """Raise ConfigurationError unless the libraries whose inner workings we override are those we tested."""
    for name, tested in TESTED.items():
        if version(name) != tested:
            raise ConfigurationError(f"{name} is {version(name)}; Headgate was tested with {tested}: install that")


class SnapshotConsumer(driver.Consumer):
    """A Faust consumer that reads input topics on from their shards' snapshots."""

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Seek input partitions to where their shards read on, all others to what was committed."""
        transport = self.transport
        assert isinstance(transport, SnapshotTransport)
        places: dict[TP, int] = dict(await super().seek_to_committed())
        inputs = [tp for tp in self.assignment() if tp.topic in _INPUT_NAMES]
        if inputs:
            starts = await self.earliest_offsets(*inputs)
            ends = await self.highwaters(*inputs)
            offsets = {tp: self._assign(transport.shards, tp, starts[tp], ends[tp]) for tp in inputs}
            await self.seek_wait(offsets)
            places.update(offsets)
        return places

    def _assign(self, shards: Shards, tp: TP, start_offset: int, end_offset: int) -> int:
        partitions = self.topic_partitions(tp.topic)
        assert partitions, f"no metadata of {tp.topic}"
        return shards.assign(
            tp.topic, tp.partition, partitions=partitions, start_offset=start_offset, end_offset=end_offset
        )


class SnapshotTransport(driver.Transport):
    """The transport that makes such consumers."""

    Consumer = SnapshotConsumer

    def __init__(self, *args: Any, shards: Shards, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.shards = shards


def install(app: faust.App, shards: Shards) -> None:
    """Make `app` read its input topics on from `shards`."""
    check_versions()
    app.transport = SnapshotTransport(app.conf.broker_consumer, app, shards=shards)
