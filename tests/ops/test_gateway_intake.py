"""The gateway's consumer against a real Kafka: its group is joined once, and one that got nothing is made anew."""

import time
from typing import Any

import pytest
from kafka import KafkaConsumer, KafkaProducer

from ops import gateway_intake
from ops.gateway_intake import Intake, gateway_consumer
from streams.connections import kafka_options
from streams.settings import Settings
from streams.topics import ACTIONS

WAIT_S = 60.0


def _first_records(intake: Intake, poll_s: float) -> list[Any]:
    until_s = time.monotonic() + WAIT_S
    while time.monotonic() < until_s:
        if records := intake.poll(poll_s):
            return records
    raise AssertionError(f"nothing came in {WAIT_S:.0f} s")


@pytest.fixture
def _an_action(settings: Settings) -> None:
    producer = KafkaProducer(**kafka_options(settings), acks="all")
    producer.send(ACTIONS.name, b"an action").get(timeout=30.0)
    producer.close()


@pytest.mark.usefixtures("_an_action")
def test_the_group_is_joined_once(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """However short the polls are: their timeouts fall between the two answers of a join nearly every time."""
    monkeypatch.setattr(gateway_intake, "UNASSIGNED_S_MAX", WAIT_S)
    for turn in range(5):
        monkeypatch.setattr(gateway_intake, "GROUP", f"impatient-{turn}")
        intake = Intake(lambda: gateway_consumer(settings, dry_run=False))
        try:
            assert _first_records(intake, 0.002)[0].value == b"an action"
        finally:
            intake.close()


@pytest.mark.usefixtures("_an_action")
def test_a_consumer_without_partitions_is_made_anew(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """As its group would leave it: no partition, no error."""
    monkeypatch.setattr(gateway_intake, "UNASSIGNED_S_MAX", 0.5)
    monkeypatch.setattr(gateway_intake, "GROUP", "forgotten")
    made: list[Any] = []

    def make() -> Any:
        made.append(gateway_consumer(settings, dry_run=False) if made else KafkaConsumer(**kafka_options(settings)))
        return made[-1]

    intake = Intake(make)
    try:
        assert _first_records(intake, 0.2)[0].value == b"an action"
        assert len(made) == 2
    finally:
        intake.close()
