"""Plain Faust: an agent that reads one event at a time, a Table in RocksDB with their changelog, forecasts to Redis.

As its documentation recommends for production: `store="rocksdb://"`, keyed topics, a Table written inside the agent,
and no tuning of our own (`streams/transport.py` is what Headgate adds). Values are bytes with raw serializers and are
decoded by msgspec: Faust's Records are slower. Each event writes its series' bucket, and Faust sends each write to the
changelog; models are written at closes only.
"""

import sys
from typing import Any

import faust

from benchmarks.stream.engines.place import TOPIC, Place, Views, place
from benchmarks.stream.packed import PackedPools
from benchmarks.stream.pool_work import decoded, valid
from benchmarks.stream.workload import PARTITIONS


class TableStore:
    """Faust's table seen from one pool."""

    def __init__(self, table: Any, pool_id: str) -> None:
        self._table = table
        self._prefix = pool_id + "/"

    def get(self, key: str) -> bytes | None:
        """Return what was put last, or None."""
        return self._table.get((self._prefix + key).encode())

    def put(self, key: str, value: bytes) -> None:
        """Keep `value`."""
        self._table[(self._prefix + key).encode()] = value


def application(at: Place) -> faust.App:
    """Return the app."""
    views = Views(at)
    pools = PackedPools(at.series_per_pool)
    app = faust.App(
        "bench-faust",
        broker=f"kafka://{at.broker}",
        store="rocksdb://",
        datadir=str(at.data_dir / "faust"),
        topic_partitions=PARTITIONS,
        topic_replication_factor=1,
        web_enabled=False,
        consumer_auto_offset_reset="earliest",
    )
    table = app.Table("pools", partitions=PARTITIONS, key_type=bytes, value_type=bytes)
    topic = app.topic(TOPIC, key_serializer="raw", value_serializer="raw")

    @app.agent(topic)
    async def work(stream: Any) -> None:
        async for value in stream:
            sale = decoded(value)
            if sale is None:
                continue
            views.begin(sale.occurred_at_s)
            if not valid(sale):
                continue
            said = pools.take(TableStore(table, sale.pool_id), sale)
            if said is not None:
                views.write([(sale.pool_id, said)])

    return app


def main() -> None:
    """Run until the process is ended."""
    worker = faust.Worker(application(place()), loglevel="warn", redirect_stdouts=False, quiet=True)
    worker.spinner = None
    sys.exit(worker.execute_from_commandline())


if __name__ == "__main__":
    main()
