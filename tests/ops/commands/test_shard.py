"""`headgate shard reset`: nothing that the old log left behind speaks for the new one."""

import asyncio
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
import redis.asyncio

from ops.cli import main
from ops.stack.local import LocalStack
from streams.events import PoolView
from streams.forecast_store import RedisForecastStore
from streams.keys import seal_key
from streams.migration import blank
from streams.settings import Settings
from streams.shards import Shards, Span
from streams.snapshot_topic import TopicSnapshots
from streams.snapshots import DiskSnapshots, head_of
from tests.streams.pools import START_S, declared, shop


def test_a_reset_drops_the_views_of_the_partition(settings: Settings, stack: LocalStack) -> None:
    """A view of the log before, with its higher offset, would refuse every new one and be decided from."""
    log = declared(shop())
    log.promise(START_S)
    view = log.shard.view("shop")
    other = msgspec.structs.replace(view, pool_id="other", cut=msgspec.structs.replace(view.cut, topic="readings"))
    DiskSnapshots(settings.data_dir / "snapshots", seal_key(settings)).save(
        "transactions", log.shard.partition, log.shard.state()
    )

    async def views() -> list[PoolView | None]:
        async with redis.asyncio.Redis.from_url(stack.redis) as client:
            store = RedisForecastStore(client)
            return [await store.read("shop"), await store.read("other")]

    async def write() -> None:
        async with redis.asyncio.Redis.from_url(stack.redis) as client:
            await RedisForecastStore(client).write([view, other])

    asyncio.run(write())
    words = ["shard", "reset", f"transactions/{log.shard.partition}", "--accept-loss"]
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.environment().items():
            patch.setenv(name, value)
        assert main(words) == 0

    assert asyncio.run(views()) == [None, other]


def typed(settings: Settings, *words: str) -> int:
    """Run a command that finds `settings` in its environment."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.environment().items():
            patch.setenv(name, value)
        return main(["shard", *words])


def keep(settings: Settings, partition: int, *next_offsets: int) -> None:
    """Keep states of readings on disk and in Kafka, as a worker does."""

    async def save() -> None:
        key = seal_key(settings)
        topic_store = TopicSnapshots(settings, key, lambda: 0.0)
        for next_offset in next_offsets:
            state = blank("readings", partition, 4, epoch=0, next_offset=next_offset)
            DiskSnapshots(settings.data_dir / "snapshots", key).save("readings", partition, state)
            await topic_store.save("readings", partition, state)
        await topic_store.stop()

    asyncio.run(save())


def take_over(settings: Settings, folder: Path, span: Span) -> int:
    """Return where a worker with its own disk reads readings/0 on from."""

    async def assign() -> int:
        key = seal_key(settings)
        shards = Shards(DiskSnapshots(folder, key), TopicSnapshots(settings, key, lambda: 0.0))
        return (await shards.take_over({("readings", 0): span}))["readings", 0]

    return asyncio.run(assign())


def test_every_generation_is_listed_with_its_place_and_age(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where each lies, how far it knows and what is wrong with it."""
    keep(settings, 3, 10, 20, 30)
    (settings.data_dir / "snapshots" / "readings-3.0-30.snapshot").write_bytes(b"torn")

    assert typed(settings, "list") == 0

    said = capsys.readouterr().out
    own = said[said.index("readings/3: ") :].splitlines()[:5]
    assert own[0] == "readings/3: reads on at 30; pools none"
    assert [line.split(",")[0] for line in own[1:]] == [
        "  disk   epoch 0", "  topic  epoch 0", "  disk   epoch 0", "  topic  epoch 0",
    ]  # fmt: skip
    assert "next offset 30" in own[1]
    assert "is no snapshot of this version" in own[1]
    assert "next offset 20" in own[3]


def test_an_accepted_loss_is_remembered_on_every_machine(settings: Settings, tmp_path: Path) -> None:
    """A log made anew is longer than the old one was: neither Kafka's nor another disk's old snapshot speaks for it."""
    keep(settings, 0, 50)
    other = tmp_path / "other"
    DiskSnapshots(other, seal_key(settings)).save("readings", 0, blank("readings", 0, 4, epoch=0, next_offset=70))
    span = Span(4, 0, 100)
    assert take_over(settings, other, span) == 70

    assert typed(settings, "reset", "readings/0") == 1
    assert take_over(settings, other, span) == 70
    assert typed(settings, "reset", "readings", "--accept-loss") == 0

    assert take_over(settings, other, span) == 0
    assert take_over(settings, tmp_path / "new", span) == 0
    state = DiskSnapshots(settings.data_dir / "snapshots", seal_key(settings)).load("readings", 0).state
    assert state is not None
    assert head_of(state).epoch == 1


def test_a_place_that_is_none_and_a_folder_without_a_key_are_told(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No partition, no topic, no data folder: each says what would be right."""
    assert typed(settings, "reset", "readings/9", "--accept-loss") == 1
    assert "has 4 partitions" in capsys.readouterr().err
    assert typed(settings, "reset", "reading/0", "--accept-loss") == 1
    assert "such as transactions/0" in capsys.readouterr().err
    assert typed(replace(settings, data_dir=tmp_path), "list") == 1
    assert "--data-dir" in capsys.readouterr().err
