"""A bare confluent-kafka loop doing the work: records in, forecasts in Redis out, nothing kept. For information.

What it costs to do the work at all in one Python process without an engine: no state survives its end.
"""

from benchmarks.stream.engines.bare import BATCH, consumer
from benchmarks.stream.engines.place import Views, place
from benchmarks.stream.pool_work import PoolWork, decoded


def main() -> None:
    """Read and work until the process is ended."""
    at = place()
    views, source = Views(at), consumer(at.broker)
    pools: dict[str, PoolWork] = {}
    while True:
        said = {}
        for message in source.consume(BATCH, 0.1):
            sale = decoded(message.value())
            if sale is None:
                continue
            views.begin(sale.occurred_at_s)
            pool = pools.get(sale.pool_id)
            if pool is None:
                pool = pools[sale.pool_id] = PoolWork(sale.pool_id, at.series_per_pool)
            document = pool.take(sale)
            if document is not None:
                said[sale.pool_id] = document
        if said:
            views.write(said.items())


if __name__ == "__main__":
    main()
