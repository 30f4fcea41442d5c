"""A bare confluent-kafka loop: batches of records in, decoded transactions out and dropped. What reading costs."""

import msgspec
from confluent_kafka import Consumer

from benchmarks.stream.engine_list import ALL
from benchmarks.stream.engines.place import TOPIC, Views, place
from streams.events import Transaction

BATCH = 1000


def consumer(broker: str) -> Consumer:
    """Return a consumer of the whole topic as a plain program has it, with fetches large enough not to wait."""
    found = Consumer(
        {
            "bootstrap.servers": broker,
            "group.id": "bench-bare",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
        }
    )
    found.subscribe([TOPIC])
    return found


def main() -> None:
    """Read and decode until all events were seen."""
    at = place()
    views, source = Views(at), consumer(at.broker)
    decode = msgspec.json.Decoder(Transaction).decode
    seen = 0
    while seen < at.events:
        for message in source.consume(BATCH, 0.5):
            try:
                sale = decode(message.value())
            except msgspec.DecodeError:  # the catalog
                continue
            views.begin(sale.occurred_at_s)
            seen += sale.occurred_at_s > at.timed_from_s
    views.write([(ALL, (float(seen), b""))])
    source.consume(BATCH, -1)  # until the process is ended: its usage is still to be read


if __name__ == "__main__":
    main()
