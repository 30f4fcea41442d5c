"""Bytewax: its Kafka source, one stateful step keyed by pool, its recovery store, a sink that writes to Redis.

`stateful_batch` is what its documentation builds the other stateful operators from; it hands a key all its items at
once and is quicker here than `stateful_map`, which also deep-copies the state at each snapshot. State is Python
objects; a snapshot of a pool that has moved is taken each epoch, as bytes of our own, because pickling 10 models as
objects is slower than packing them. Started with the recovery store of `python -m bytewax.recovery`, as recommended,
and an epoch as long as Headgate's snapshot interval (the default, 10 s, would write half as often).
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import bytewax.operators as op
from bytewax._bytewax import cli_main, init_db_dir
from bytewax.connectors.kafka import KafkaSource, KafkaSourceMessage
from bytewax.dataflow import Dataflow
from bytewax.operators import StatefulBatchLogic
from bytewax.outputs import DynamicSink, StatelessSinkPartition
from bytewax.recovery import RecoveryConfig

from benchmarks.stream.engines.place import TOPIC, Place, Views, place
from benchmarks.stream.pool_work import PoolWork, Sale, decoded

EPOCH_S = 5
BATCH = 1000


class PoolLogic(StatefulBatchLogic[Sale, tuple[str, tuple[float, bytes]], bytes]):
    """One pool inside Bytewax."""

    def __init__(self, state: bytes | None, series_per_pool: int) -> None:
        self._state = state
        self._series_per_pool = series_per_pool
        self._work: PoolWork | None = None

    def on_batch(self, values: list[Sale]) -> tuple[Iterable[tuple[str, tuple[float, bytes]]], bool]:
        """Take sales; only the newest document of a batch is passed on."""
        if self._work is None:
            self._work = PoolWork(values[0].pool_id, self._series_per_pool)
            if self._state is not None:
                self._work.restore(self._state)
        said = None
        for sale in values:
            said = self._work.take(sale) or said
        return ([(self._work.pool_id, said)] if said else []), self.RETAIN

    def snapshot(self) -> bytes:
        """Return the state; Bytewax pickles and keeps it."""
        if self._work is None:
            return self._state or b""
        return self._work.state()


class RedisPartition(StatelessSinkPartition[tuple[str, tuple[float, bytes]]]):
    """Writes what a batch brings in one pipeline."""

    def __init__(self, views: Views) -> None:
        self._views = views

    def write_batch(self, items: list[Any]) -> None:
        """Write the documents."""
        self._views.write(document for _, document in items)


class RedisSink(DynamicSink[Any]):
    """Redis as Bytewax builds it, one for each worker."""

    def __init__(self, views: Views) -> None:
        self._views = views

    def build(self, _step_id: str, _worker_index: int, _worker_count: int) -> RedisPartition:
        """Return the writer of one worker."""
        return RedisPartition(self._views)


def flow(at: Place) -> Dataflow:
    """Return the dataflow."""
    views = Views(at)

    def keyed(batch: list[KafkaSourceMessage[Any, Any]]) -> Iterable[tuple[str, Sale]]:
        sales = [sale for message in batch if (sale := decoded(message.value)) is not None]
        if sales:
            views.begin(sales[-1].occurred_at_s)
        return [(sale.pool_id, sale) for sale in sales]

    dataflow = Dataflow("bench")
    records = op.input("kafka", dataflow, KafkaSource([at.broker], [TOPIC], batch_size=BATCH))
    sales = op.flat_map_batch("decode", records, keyed)
    said = op.stateful_batch("pool", sales, lambda state: PoolLogic(state, at.series_per_pool))
    op.output("redis", said, RedisSink(views))
    return dataflow


def main() -> None:
    """Run until the process is ended."""
    at = place()
    store = at.data_dir / "recovery"
    if not store.exists():
        store.mkdir(parents=True)
        init_db_dir(store, 1)
    cli_main(flow(at), epoch_interval=timedelta(seconds=EPOCH_S), recovery_config=RecoveryConfig(store))


if __name__ == "__main__":
    main()
