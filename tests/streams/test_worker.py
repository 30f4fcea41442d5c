"""A worker started wrongly says in one line what, where and what to do; one that meets poison passes over it."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from ops.stack.local import LocalStack
from streams.agents.ingest import Ingest
from streams.agents.views import Views
from streams.attempts import Attempts
from streams.events import DeadLetter
from streams.forecast_store import MemoryForecastStore
from streams.guarded_fold import GuardedFold
from streams.health import Health
from streams.settings import Settings
from streams.shards import Shards
from streams.skips import SkipList
from streams.snapshots import MemorySnapshots
from tests.streams.pools import PARTITIONS, START_S, Log, declared, sale, shop, stretch_of


def worker_says(settings: Settings) -> str:
    """Run `headgate worker`, which has to end by itself, and return what it printed to people."""
    environment = {**os.environ, **settings.environment()}
    words = [sys.executable, "-m", "ops.cli", "worker"]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    return done.stderr.strip().splitlines()[-1]


def test_a_missing_broker_is_told_with_what_to_do(tmp_path: Path) -> None:
    """One line: which address, and how to start or name another."""
    said = worker_says(Settings(broker="127.0.0.1:1", data_dir=tmp_path))

    assert "127.0.0.1:1" in said
    assert "headgate up" in said


def test_a_wrong_redis_address_is_told_with_what_to_do(stack: LocalStack, tmp_path: Path) -> None:
    """The broker answers, Redis does not: the line names Redis."""
    said = worker_says(stack.settings(redis="redis://127.0.0.1:1/0", data_dir=tmp_path))

    assert "redis://127.0.0.1:1/0" in said
    assert "--redis" in said


class Recorded:
    """Outputs that keep what is sent, and say that the broker has it."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Any]] = []

    async def send(self, topic: str, _key: str, message: Any) -> None:
        """Keep one message."""
        self.sent.append((topic, message))

    async def send_all(self, topic: str, messages: Sequence[tuple[str, Any]]) -> None:
        """Start sending several."""
        for key, message in messages:
            await self.send(topic, key, message)

    async def settled(self) -> None:
        """Return at once."""


def ingest_of(folder: Path, shards: Shards, log: Log) -> tuple[Ingest, Recorded]:
    """Return an ingest of one partition, ready to take the records of `log`."""
    outputs = Recorded()
    skips = SkipList(folder / "skips.jsonl")
    fold = GuardedFold(skips, Attempts(folder / "attempts", "w", skips))
    ingest = Ingest(
        shards,
        outputs,
        Views(shards, MemoryForecastStore(), Health("w")),
        fold,
        Health("w"),
        Settings(data_dir=folder),
        lambda: 0.0,  # type: ignore[arg-type]
    )
    shards.assign("transactions", log.shard.partition, partitions=PARTITIONS, start_offset=0, end_offset=99)
    return ingest, outputs


async def fold_all(ingest: Ingest, place: tuple[str, int], log: Log) -> None:
    """Give every record of `log` to `ingest`."""
    await ingest.take_batch(*place, stretch_of(log))


@pytest.mark.asyncio
async def test_a_record_that_breaks_the_fold_is_passed_over_after_the_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The half-changed shard is dropped, the place is on disk, and the replay parks it as poison, once."""
    log = declared(shop())
    log.add(sale(START_S, event_id="poison"))
    log.add(sale(START_S, event_id="after"))
    place = ("transactions", log.shard.partition)
    broken = Log.break_on(monkeypatch, "poison")

    shards = Shards(MemorySnapshots())
    ingest, _ = ingest_of(tmp_path, shards, log)
    with pytest.raises(broken):
        await fold_all(ingest, place, log)
    assert place not in shards.held

    shards = Shards(MemorySnapshots())
    ingest, outputs = ingest_of(tmp_path, shards, log)
    await fold_all(ingest, place, log)
    letters = [message for _, message in outputs.sent if isinstance(message, DeadLetter)]
    assert [(letter.rule, letter.offset) for letter in letters] == [("poison", 2)]
    assert shards.held[place].shard.view("shop").counters["clean"] == 1
