"""The compacted topic `catalog` in, the newest `PoolSpec` of each pool out; for readers outside the worker."""

from types import TracebackType
from typing import Any, Self

import msgspec
from kafka import KafkaConsumer
from kafka.structs import TopicPartition

from streams.catalog import PoolSpec
from streams.connections import kafka_options
from streams.events import decode_input
from streams.settings import Settings
from streams.topics import CATALOG

_PLACE = TopicPartition(CATALOG.name, 0)


class PoolSpecs:
    """Follows the catalog; `get` has seen all that was published before it was called."""

    def __init__(self, settings: Settings) -> None:
        self._consumer: Any = KafkaConsumer(
            **kafka_options(settings),
            client_id="headgate-pool-specs",
            group_id=None,
            enable_auto_commit=False,
            bootstrap_timeout_ms=5_000,
            metrics_enabled=False,
        )
        self._consumer.assign([_PLACE])
        self._consumer.seek_to_beginning(_PLACE)
        self._specs: dict[str, PoolSpec] = {}

    def __enter__(self) -> Self:
        """Return the reader."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave Kafka."""
        self._consumer.close()

    def get(self, pool_id: str) -> PoolSpec | None:
        """Return the newest declaration of the pool, or None; raise KafkaError when the broker does not answer."""
        end = self._consumer.end_offsets([_PLACE])[_PLACE]
        while self._consumer.position(_PLACE) < end:
            for record in self._consumer.poll(timeout_ms=500).get(_PLACE, ()):
                self._apply(record.value)
        return self._specs.get(pool_id)

    def pool_ids(self) -> list[str]:
        """Return the pools seen so far, in order."""
        return sorted(self._specs)

    def _apply(self, value: bytes | None) -> None:
        try:
            spec = decode_input(value or b"")
        except msgspec.MsgspecError:  # a deleted or foreign record declares no pool
            return
        if isinstance(spec, PoolSpec):
            self._specs[spec.pool_id] = spec
