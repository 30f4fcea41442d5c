"""Champion and challenger change while a real worker decides a twin's days: no day without its decision, none twice."""

import threading
from itertools import groupby
from pathlib import Path

import msgspec
import pytest

from ops.child import Child
from ops.cli import main
from ops.command_line import command_line
from ops.journal import FILE, Lived, read
from ops.stack.local import LocalStack
from ops.twin import Twin
from policies.trained_files import load_shipped
from streams.administration import create_topics
from streams.events import Allocation, decode_output
from streams.settings import Settings
from streams.tail import Tail
from streams.topics import ACTIONS
from tests.ops.small_run import CONTROL_DAYS, DAY_S, START_S, recorded, small_catalog

RULE = load_shipped().manifest.best_rule
DAYS = 30
WORDS = {
    6: ("promote", RULE, "--reason", "dearer, but simple"),
    12: ("promote", load_shipped().manifest.short_version, "--canary", "0.5"),
    18: ("rollback",),
    22: ("rollback",),
}  # by the day after which they are typed


def operate(twin: Twin, settings: Settings, typed: dict[int, int]) -> None:
    """Type what an operator would, and note how many days were lived through when each word had returned."""
    places = ("--broker", settings.broker, "--redis", settings.redis, "--data-dir", str(settings.data_dir))
    for day, words in WORDS.items():
        while twin.periods_lived < day:
            threading.Event().wait(0.02)
        assert main(["policy", *words, *places]) == 0
        typed[day] = twin.periods_lived


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, stack: LocalStack) -> tuple[Settings, list[Lived], dict[int, int]]:
    """Return settings, journal and when each word had returned, of one run with a worker in a process of its own."""
    folder: Path = tmp_path_factory.mktemp("switched")
    settings = stack.settings(data_dir=folder)
    create_topics(settings)
    pools = tuple(msgspec.structs.replace(pool, policy="champion") for pool in small_catalog().pools)
    catalog = msgspec.structs.replace(small_catalog(), pools=pools)
    twin = Twin(
        settings, catalog, recorded(), control_from_s=START_S + CONTROL_DAYS * DAY_S, periods_per_second=5, wait_s=120.0
    )
    worker = Child("worker", command_line(["worker"]), folder / "worker.log", settings.environment())
    typed: dict[int, int] = {}
    operator = threading.Thread(target=operate, args=(twin, settings, typed))
    try:
        operator.start()
        twin.run()
        operator.join()
    finally:
        worker.stop()
    assert twin.timeouts == 0
    return settings, read(folder / FILE)[1], typed


def test_no_day_is_lost_and_each_is_decided_once(run: tuple[Settings, list[Lived], dict[int, int]]) -> None:
    """Every item of every day is the policy's, and the topic holds one allocation a day."""
    settings, rows, _ = run

    assert len(rows) == 2 * DAYS
    assert {row.decided_by for row in rows} == {"policy"}
    with Tail(settings, [ACTIONS.name]) as tail:
        messages = [decode_output(record.value or b"") for record in tail.recent(1000)]
    ticks = [one.tick_id for one in messages if isinstance(one, Allocation)]
    assert len(ticks) == len(set(ticks)) == DAYS + 1  # and the one after the last day


def test_each_policy_decides_from_a_day_on(run: tuple[Settings, list[Lived], dict[int, int]]) -> None:
    """Learned, rule, learned again: in one stretch each; the first day decided after a word had returned obeys it."""
    _, rows, typed = run
    by_day = [
        list(day)
        for _, day in groupby(sorted(rows, key=lambda row: row.period_start_s), lambda row: row.period_start_s)
    ]
    champions = [next((row.policy for row in day if row.role == "champion"), RULE) for day in by_day]

    assert [name for name, _ in groupby(champions)] == ["learned", RULE, "learned"]
    assert set(champions[typed[6] + 1 : typed[18]]) == {RULE}
    assert set(champions[typed[22] + 1 :]) == {"learned"}


def test_the_other_alias_stands_beside_while_there_is_one(run: tuple[Settings, list[Lived], dict[int, int]]) -> None:
    """As canary or shadow, from the promotion on: what it would have ordered is in the journal, before it is not."""
    _, rows, typed = run
    days = sorted({row.period_start_s for row in rows})
    beside = {row.period_start_s for row in rows if row.shadow is not None}

    assert beside >= set(days[typed[12] + 1 : 22])
    assert not beside & set(days[:12])
    assert {row.role for row in rows} <= {"champion", "canary"}
