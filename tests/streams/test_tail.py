"""The last records of a topic, then what comes, against a real broker."""

import pytest
from kafka import KafkaProducer

from streams.administration import end_offsets
from streams.connections import kafka_options
from streams.errors import ConfigurationError, UnavailableError
from streams.settings import Settings, read
from streams.tail import Tail
from streams.topics import COMMANDS, FORECASTS


@pytest.fixture(scope="module")
def written(settings: Settings) -> Settings:
    """Write ten numbered records to a topic of four partitions."""
    producer = KafkaProducer(**kafka_options(settings))
    for number in range(10):
        producer.send(
            FORECASTS.name, key=b"a", value=str(number).encode(), partition=number % 4, timestamp_ms=1000 + number
        )
    producer.flush()
    producer.close()
    return settings


def test_the_newest_come_oldest_first_across_partitions(written: Settings) -> None:
    """Asking for the last three gives the three newest by time, whatever partition they lie in."""
    with Tail(written, [FORECASTS.name]) as tail:
        assert [record.value for record in tail.recent(3)] == [b"7", b"8", b"9"]


def test_asking_for_more_than_there_is_gives_all(written: Settings) -> None:
    """A topic shorter than the wish is read from its start."""
    with Tail(written, [FORECASTS.name]) as tail:
        assert len(tail.recent(1000)) == 10


def test_what_comes_later_is_waited_for(written: Settings) -> None:
    """After the recent ones, `wait` returns new records of every topic, and nothing when nothing comes."""
    with Tail(written, [COMMANDS.name]) as tail:
        assert tail.recent(5) == []
        assert tail.wait(0.1) == []
        producer = KafkaProducer(**kafka_options(written))
        producer.send(COMMANDS.name, key=b"a", value=b"new").get(timeout=10)
        producer.close()

        assert [record.value for record in tail.wait(10.0)] == [b"new"]


def test_one_record_is_read_at_its_place(written: Settings) -> None:
    """A place that exists gives its record; one past the end or of another topic gives None."""
    with Tail(written, [FORECASTS.name]) as tail:
        found = tail.at(FORECASTS.name, 1, 1)

        assert found is not None
        assert found.value == b"5"
        assert tail.at(FORECASTS.name, 1, 99) is None
        assert tail.at("transactions", 0, 0) is None
        assert len(tail.recent(1000)) == 10  # reading one place does not spoil the next question


def test_ends_are_the_next_offsets(written: Settings) -> None:
    """Ten records in four partitions end at 3, 3, 2 and 2; a topic that is not there has none."""
    assert end_offsets(written, [FORECASTS.name, "no-such-topic"]) == {
        (FORECASTS.name, 0): 3,
        (FORECASTS.name, 1): 3,
        (FORECASTS.name, 2): 2,
        (FORECASTS.name, 3): 2,
    }


def test_a_missing_topic_is_named(written: Settings) -> None:
    """The error says which topic and what creates it."""
    with pytest.raises(ConfigurationError, match=r"no topic no-such-topic .* `headgate topics`"):
        Tail(written, ["no-such-topic"])


@pytest.mark.timeout(90)
def test_a_missing_broker_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says where nobody answered and what to do."""
    monkeypatch.setattr("streams.tail.BOOTSTRAP_MS_MAX", 300)
    with pytest.raises(UnavailableError, match=r"127\.0\.0\.1:1 .*--broker"):
        Tail(read({}, broker="127.0.0.1:1"), [FORECASTS.name])
