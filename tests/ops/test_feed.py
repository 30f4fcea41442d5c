"""`headgate feed` as a user types it: without a broker, with wrong words, and into a real log."""

import json
from collections import Counter
from pathlib import Path

import pytest
from kafka import KafkaConsumer, TopicPartition

from ops.cli import main
from streams.connections import kafka_options
from streams.events import decode_input
from streams.settings import Settings
from streams.topics import TRANSACTIONS, partition_of

EXAMPLE = Path(__file__).parents[2] / "examples" / "own-data"
OWN = [
    "csv",
    str(EXAMPLE / "sales.csv"),
    "--mapping",
    str(EXAMPLE / "mapping.toml"),
    "--catalog",
    str(EXAMPLE / "catalog.toml"),
]


def feed(settings: Settings, *words: str) -> int:
    """Run the command against the test's servers."""
    common = ["--broker", settings.broker, "--redis", settings.redis, "--data-dir", str(settings.data_dir)]
    return main(["feed", *words, *common])


@pytest.mark.parametrize(
    ("words", "first", "told"),
    [
        (["retail"], {"event_id": "489435-13", "pool_id": "gifts-cooking"}, "69,308 Transaction"),
        (["traffic"], {"pool_id": "i94", "value": 1478.0}, "7,949 SensorReading, 31,796 Covariate"),
        (OWN, {"event_id": "1001-1", "resource_id": "rye-1kg"}, "416 Transaction, 2 Unreadable"),
    ],
)
def test_a_dry_run_shows_events_and_needs_no_broker(
    words: list[str], first: dict[str, object], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first events as they would be sent, and how many there are."""
    assert main(["feed", *words, "--dry-run", "3", "--broker", "127.0.0.1:1", "--data-dir", str(tmp_path)]) == 0
    shown = capsys.readouterr()
    events = [json.loads(line) for line in shown.out.splitlines()]
    assert len(events) == 3
    assert first.items() <= events[0].items()
    assert told in shown.err
    assert "not sent" in shown.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["csv", "none.csv"], "needs --mapping and --catalog; --suggest prints both"),
        (["retail", "--live-from", "July"], "'July' is no time such as 2010-07-01"),
        (["retail", "--from", "2030-01-01"], "nothing to send: 69308 events"),
        (["retail", "--file", "none.csv"], "none.csv: no such file"),
    ],
)
def test_wrong_words_get_one_line(
    words: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is wrong, and no traceback."""
    assert main(["feed", *words, "--data-dir", str(tmp_path)]) == 1
    shown = capsys.readouterr().err
    assert said in shown
    assert len(shown.splitlines()) == 1


def test_own_data_goes_into_the_log_catalog_first(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    """The pool's declaration, a clock, then every row with heartbeats up to the end of the last day."""
    assert feed(settings, *OWN) == 0
    assert "sent 418 events (2 unreadable rows)" in capsys.readouterr().out
    place = TopicPartition(TRANSACTIONS.name, partition_of("bakery", settings.partitions))
    consumer = KafkaConsumer(**kafka_options(settings), enable_auto_commit=False)
    consumer.assign([place])
    consumer.seek_to_beginning(place)
    values: list[bytes] = []
    while consumer.position(place) < consumer.end_offsets([place])[place]:
        values += [record.value for records in consumer.poll(timeout_ms=1000).values() for record in records]
    consumer.close()
    types = [json.loads(value)["type"] for value in values]
    assert types[:3] == ["catalog.v1", "clock.v1", "transaction.v1"]
    assert types[-1] == "heartbeat.v1"
    assert Counter(types)["transaction.v1"] == 416
    assert Counter(types)["unreadable.v1"] == 2
    days = [json.loads(value)["complete_until_s"] for value in values if b'"heartbeat.v1"' in value]
    assert len(set(days)) >= 41  # 2024-02-26 to 2024-04-06, with the Sundays that sold nothing
    assert days[-1] == 1712440800.0  # 2024-04-07 00:00 in Berlin, which is on summer time by then
    assert sum(isinstance(decode_input(value), object) for value in values if b'"unreadable.v1"' not in value)
