"""`headgate topics`: made, compared, measured, on a real broker."""

import time

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient
from kafka.structs import OffsetAndMetadata

from ops.cli import main
from ops.stack.local import LocalStack
from ops.topic_health import Lag, differences, lags
from streams.settings import Settings
from streams.topics import TOPICS


def test_topics_are_created_once_and_then_as_declared(stack: LocalStack, capsys: pytest.CaptureFixture[str]):
    """An empty broker lacks all of them; afterwards nothing differs."""
    words = ["--broker", stack.broker]
    assert len(differences(stack.settings())) == len(TOPICS)
    assert main(["topics", "create", *words]) == 0
    assert main(["topics", "create", *words]) == 0
    assert main(["topics", "list", *words]) == 0

    said = capsys.readouterr().out
    assert "created: actions, catalog," in said
    assert "nothing to create" in said
    assert all(spec.name in said for spec in TOPICS)


def test_a_topic_with_other_retention_or_partitions_is_named(stack: LocalStack, settings: Settings):
    """The declaration and the broker are compared value by value."""
    admin = KafkaAdminClient(bootstrap_servers=stack.broker)
    try:
        admin.create_partitions({"ticks": 9})
        while len(admin.describe_topics(["ticks"])[0]["partitions"]) < 9:  # the broker tells a moment later
            time.sleep(0.05)
    finally:
        admin.close()

    assert differences(settings) == ["topic ticks has 9 partitions, declared are 4"]


def test_lag_is_what_was_appended_and_not_committed(
    stack: LocalStack, settings: Settings, capsys: pytest.CaptureFixture[str]
):
    """Ten events, four committed: six behind."""
    place = TopicPartition("transactions", 1)
    with KafkaProducer(bootstrap_servers=stack.broker) as producer:
        for _ in range(10):
            producer.send(place.topic, b"event", partition=place.partition)
    consumer = KafkaConsumer(bootstrap_servers=stack.broker, group_id="readers")
    consumer.assign([place])
    consumer.commit({place: OffsetAndMetadata(4, "", -1)})
    consumer.close()

    assert lags(settings) == [Lag("readers", "transactions", 1, committed=4, end=10)]
    assert main(["topics", "lag", "--broker", stack.broker]) == 0
    assert "6 behind (4 of 10)" in capsys.readouterr().out


def test_a_missing_broker_is_one_clear_line(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    """Exit status 1, the address, and what to do."""
    monkeypatch.setattr("ops.topic_health.ANSWER_MS_MAX", 300)
    assert main(["topics", "list", "--broker", "127.0.0.1:1"]) == 1

    said = capsys.readouterr().err
    assert "no Kafka broker answers at 127.0.0.1:1" in said
    assert "headgate up" in said
