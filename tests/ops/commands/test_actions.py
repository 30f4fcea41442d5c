"""Decisions are shown with what became of them, one readable line each, against a real broker."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from kafka import KafkaProducer

from ops import cli
from ops.commands.actions import HEAD, line_of
from streams.connections import kafka_options
from streams.events import ActionLine, Allocation, Cut, Outcome, encode
from streams.settings import Settings
from streams.topics import ACTIONS, OUTCOMES

EXPLANATION = "order 24: 31 expected over the 3 days until it arrives, 12 on hand, cover 95 %"
ROOT = Path(__file__).parents[3]


def _allocation(pool_id: str, day: int) -> Allocation:
    period = f"2010-07-{day:02d}"
    lines = tuple(
        ActionLine(
            action_id=f"{pool_id}/{item}/{period}",
            resource_id=item,
            order_units=24.0,
            proposed_units=30.0,
            reason_code=code,
            explanation=EXPLANATION,
            arrives_at_s=0.0,
        )
        for item, code in (("85123A", "policy"), ("22423", "capacity"))
    )
    return Allocation(
        tick_id=f"{pool_id}/{period}",
        pool_id=pool_id,
        period_start_s=1_277_935_200.0 + day * 86_400,
        decided_at_s=0.0,
        valid_until_s=1.0,
        policy="capped-base-stock",
        policy_version="1",
        forecast_model="river-linear",
        forecast_as_of_s=None,
        decided_by="policy",
        cut=Cut(topic="transactions", partition=0, epoch=1, next_offset=0),
        lines=lines,
    )


def _outcome(line: ActionLine, tick_id: str, status: str, reason: str = "") -> Outcome:
    return msgspec.convert(
        {
            "type": "outcome.v1",
            "action_id": line.action_id,
            "tick_id": tick_id,
            "pool_id": tick_id.partition("/")[0],
            "resource_id": line.resource_id,
            "status": status,
            "applied_units": 20.0,
            "reason": reason,
            "at_s": 2.0,
        },
        Outcome,
    )


def _send(settings: Settings, *messages: Allocation | Outcome) -> None:
    producer = KafkaProducer(**kafka_options(settings))
    for message in messages:
        topic = ACTIONS.name if isinstance(message, Allocation) else OUTCOMES.name
        producer.send(topic, key=message.pool_id.encode(), value=encode(message)).get(timeout=10)
    producer.close()


@pytest.fixture(scope="module")
def decided(settings: Settings) -> Settings:
    """Write three days of two pools, and outcomes of the last day of one."""
    _send(settings, *(_allocation(pool_id, day) for day in (1, 2, 3) for pool_id in ("gifts-a", "gifts-b")))
    last = _allocation("gifts-a", 3)
    _send(
        settings,
        _outcome(last.lines[0], last.tick_id, "applied"),
        _outcome(last.lines[1], last.tick_id, "rejected", "the kill switch is engaged"),
    )
    return settings


def _shown(settings: Settings, capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    assert cli.main(["actions", "--broker", settings.broker, *words]) == 0
    return capsys.readouterr().out.splitlines()


def test_the_newest_decisions_of_a_pool_have_their_outcomes(
    decided: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """One tick, two lines: what was applied, and what was rejected with the gateway's reason."""
    head, first, second = _shown(decided, capsys, "--pool", "gifts-a", "--last", "1")

    assert head == HEAD
    assert first.split()[:6] == ["2010-07-03", "gifts-a", "85123A", "24", "applied", "capped-base-s"]
    assert "order 24: 31 expected" in first
    assert second.split()[2:5] == ["22423", "24", "rejected"]
    assert second.endswith("the kill switch is engaged")


def test_without_a_pool_all_are_shown_in_order(decided: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    """Three days of two pools, two items each."""
    lines = _shown(decided, capsys)[1:]

    assert len(lines) == 12
    assert [line[:10] for line in lines] == sorted(line[:10] for line in lines)


def test_columns_line_up_within_the_terminal(
    decided: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """At 100 columns every line fits, the reason starts in the same column, and none of it is cut off."""
    monkeypatch.setenv("COLUMNS", "100")
    lines = _shown(decided, capsys)

    assert max(map(len, lines)) <= 100
    assert "".join(EXPLANATION.split()) in "".join("".join(line[HEAD.index("reason") :] for line in lines).split())
    start = HEAD.index("reason")
    assert all(line[start - 1] == " " and line[start] != " " for line in lines)


def test_a_pool_without_actions_says_so(decided: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    """An empty answer is told in words."""
    assert _shown(decided, capsys, "--pool", "nobody")[1:] == ["no actions yet"]


def test_a_changed_order_names_the_rule_that_changed_it() -> None:
    """What the guard changed is marked with its reason code."""
    allocation = _allocation("gifts-a", 1)

    assert f"[capacity] {EXPLANATION}" in line_of(allocation, allocation.lines[1], None)
    assert "decided" in line_of(allocation, allocation.lines[0], None)


def test_a_clamped_order_shows_what_was_applied() -> None:
    """The units are those that the gateway let through."""
    allocation = _allocation("gifts-a", 1)
    outcome = _outcome(allocation.lines[0], allocation.tick_id, "clamped", "at most 20 an order")

    shown = line_of(allocation, allocation.lines[0], outcome)
    assert " 20  clamped" in shown
    assert "at most 20 an order" in shown


def test_following_shows_what_comes_until_interrupted(decided: Settings) -> None:
    """A decision made later appears, then its outcome; Ctrl-C ends it quietly with status 130."""
    words = [sys.executable, "-m", "ops.cli", "actions", "--broker", decided.broker, "--follow", "--pool", "late"]
    with subprocess.Popen(
        words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | {"COLUMNS": "200"}
    ) as process:
        assert process.stdout
        assert process.stderr
        try:
            assert process.stdout.readline().startswith("period")
            assert process.stdout.readline() == "no actions yet\n"
            late = _allocation("late", 9)
            _send(decided, late)
            assert "decided" in process.stdout.readline()
            assert "decided" in process.stdout.readline()
            _send(decided, _outcome(late.lines[0], late.tick_id, "applied"))
            assert "applied" in process.stdout.readline()
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 130
        assert process.stderr.read() == ""
