"""Quix Streams: an Application with one stateful step, state in RocksDB with its changelog on, forecasts to Redis.

As its documentation recommends: messages are keyed already, so no `group_by` and no repartition topic; `apply` with
`stateful=True`; the default commit interval of 5 s; at-least-once. What could be made quicker is: a deserializer of our
own on msgspec, state as bytes (its JSON is slower), and Redis written from the step itself in one pipeline for each
close, because its sinks write at a commit, up to 5 s later.
"""

from typing import Any

from quixstreams import Application, State
from quixstreams.models.serializers import Deserializer, SerializationContext

from benchmarks.stream.engines.place import TOPIC, Place, Views, place
from benchmarks.stream.packed import PackedPools
from benchmarks.stream.pool_work import Sale, decoded, valid


class SaleDeserializer(Deserializer):
    """msgspec where Quix would use orjson."""

    def __init__(self, views: Views) -> None:
        super().__init__()
        self._views = views

    def __call__(self, value: bytes, ctx: SerializationContext) -> Sale | None:  # noqa: ARG002  Quix's signature
        """Return the sale, or None for another kind of record."""
        sale = decoded(value)
        if sale is not None:
            self._views.begin(sale.occurred_at_s)
        return sale


class QuixStore:
    """Quix's state of one key, as bytes."""

    def __init__(self, state: State) -> None:
        self.get = state.get_bytes
        self.put = state.set_bytes


def application(at: Place) -> Application:
    """Return the application, ready to run."""
    views = Views(at)
    pools = PackedPools(at.series_per_pool)
    app = Application(
        broker_address=at.broker,
        consumer_group="bench-quix",
        auto_offset_reset="earliest",
        state_dir=at.data_dir / "state",
        loglevel="WARNING",
    )

    def step(sale: Sale, state: State) -> Any:
        if sale is None or not valid(sale):
            return None
        said = pools.take(QuixStore(state), sale)
        if said is not None:
            views.write([(sale.pool_id, said)])
        return None

    topic = app.topic(TOPIC, key_deserializer="str", value_deserializer=SaleDeserializer(views))
    app.dataframe(topic).apply(step, stateful=True)
    return app


def main() -> None:
    """Run until the process is ended."""
    application(place()).run()


if __name__ == "__main__":
    main()
