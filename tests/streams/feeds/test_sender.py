"""Events through a real broker: right partition, right order, every acknowledgement, and each failure told."""

import msgspec
import pytest
from kafka import KafkaConsumer, TopicPartition

from ops.stack.local import LocalStack
from streams.connections import kafka_options
from streams.errors import InvalidEventError, UnavailableError
from streams.events import Covariate, Transaction, decode_input
from streams.feeds.sender import PENDING_EVENTS_MAX, REQUEST_BYTES_MAX, EventSender
from streams.settings import Settings
from streams.topics import MESSAGE_BYTES_MAX, READINGS, TRANSACTIONS, partition_of

POOLS = [f"shop-{number}" for number in range(12)]


def sale(pool_id: str, number: int, resource_id: str = "mug") -> Transaction:
    """Return one sale."""
    return Transaction(
        event_id=f"{pool_id}-{number}",
        pool_id=pool_id,
        resource_id=resource_id,
        feed_id="till",
        kind="sale",
        quantity_units=1.0,
        occurred_at_s=1e9 + number,
    )


def log_of(settings: Settings, topic: str) -> dict[int, list[tuple[bytes, bytes]]]:
    """Return (key, value) of every record of a topic, by partition."""
    consumer = KafkaConsumer(**kafka_options(settings), enable_auto_commit=False)
    try:
        places = [TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic))]
        consumer.assign(places)
        consumer.seek_to_beginning(*places)
        ends = consumer.end_offsets(places)
        found: dict[int, list[tuple[bytes, bytes]]] = {place.partition: [] for place in places}
        while any(consumer.position(place) < ends[place] for place in places):
            for place, records in consumer.poll(timeout_ms=1000).items():
                found[place.partition] += [(record.key, record.value) for record in records]
        return found
    finally:
        consumer.close()


def test_every_event_arrives_once_in_murmur2s_partition_in_order(settings: Settings) -> None:
    """More events than may be unacknowledged at a time, of twelve pools, mixed."""
    count = PENDING_EVENTS_MAX + 4000
    with EventSender(settings) as sender:
        for number in range(count):
            pool_id = POOLS[number * 7 % len(POOLS)]
            sender.send(TRANSACTIONS.name, pool_id, sale(pool_id, number))
    logs = log_of(settings, TRANSACTIONS.name)
    assert len(logs) == settings.partitions
    assert sum(len(log) for log in logs.values()) == count
    for partition, log in logs.items():
        last = dict.fromkeys(POOLS, -1.0)
        for key, value in log:
            event = decode_input(value)
            assert isinstance(event, Transaction)
            assert key == event.pool_id.encode()
            assert partition_of(event.pool_id, settings.partitions) == partition
            assert event.occurred_at_s > last[event.pool_id]
            last[event.pool_id] = event.occurred_at_s


def test_an_event_above_our_own_limit_is_sent_and_one_above_the_brokers_is_told(settings: Settings) -> None:
    """The shard parks the first as oversize; the second cannot be sent, and those around it can."""
    with EventSender(settings) as sender:
        sender.send(READINGS.name, "wide", sale("wide", 1, "x" * (MESSAGE_BYTES_MAX + 1)))
        with pytest.raises(InvalidEventError, match=r"oversize: wide-2 has \d+ bytes, a topic takes at most") as caught:
            sender.send(READINGS.name, "wide", sale("wide", 2, "x" * REQUEST_BYTES_MAX))
        assert len(str(caught.value)) < 300
        sender.send(READINGS.name, "wide", sale("wide", 3))
    sizes = [len(value) for _, value in log_of(settings, READINGS.name)[partition_of("wide", settings.partitions)]]
    assert len(sizes) == 2
    assert sizes[0] > MESSAGE_BYTES_MAX > sizes[1]


def test_a_number_that_is_none_is_null_on_the_wire(settings: Settings) -> None:
    """Readers refuse it: no NaN can enter a sum."""
    event = Covariate(event_id="c", pool_id="nan", feed_id="f", name="n", value=float("nan"), observed_at_s=1.0)
    with EventSender(settings) as sender:
        sender.send(READINGS.name, "nan", event)
    values = [
        value
        for key, value in log_of(settings, READINGS.name)[partition_of("nan", settings.partitions)]
        if key == b"nan"
    ]
    assert len(values) == 1
    with pytest.raises(msgspec.ValidationError, match="got `null`"):
        decode_input(values[0])


def test_a_topic_that_is_not_there_is_told(settings: Settings) -> None:
    """Not created in silence with the broker's defaults."""
    with EventSender(settings) as sender, pytest.raises(UnavailableError, match=r"no topic nowhere.*headgate topics"):
        sender.send("nowhere", "shop-1", sale("shop-1", 1))


def test_a_missing_broker_is_told_with_its_address() -> None:
    """At once, with what to do."""
    with pytest.raises(UnavailableError, match=r"Kafka at 127\.0\.0\.1:1 .*headgate up"):
        EventSender(Settings(broker="127.0.0.1:1"))


def test_a_broker_that_dies_is_told_at_flush(
    stack: LocalStack, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was not acknowledged is never taken for sent; last test of the module, since it takes the broker away."""
    monkeypatch.setattr("streams.feeds.sender.DELIVERY_S_MAX", 11.0)
    sender = EventSender(settings)
    sender.send(TRANSACTIONS.name, "shop-1", sale("shop-1", 1))
    sender.flush()
    stack.stop()
    sender.send(TRANSACTIONS.name, "shop-1", sale("shop-1", 2))
    with pytest.raises(UnavailableError, match=settings.broker):
        sender.flush()
    sender.close()
