"""A worker's parts in, what its watchdog sees of them out; and the watchdog itself, made for one worker."""

from collections.abc import Callable
from typing import Any

import faust

from streams.attempts import FOLDER
from streams.durable_lines import DurableLines
from streams.health import Health
from streams.outputs import Outputs
from streams.settings import Settings
from streams.shards import Shards
from streams.watchdog import LAST_WORDS, LastWords, Limits, Place, Sight, Watchdog


def watchdog_of(
    app: faust.App, shards: Shards, outputs: Outputs, health: Health, settings: Settings, wall_s: Callable[[], float]
) -> Watchdog:
    """Return the watchdog of a worker; in its health is counted what ended the workers before it in this slot."""
    words = DurableLines(settings.data_dir / FOLDER / LAST_WORDS, LastWords)
    for word in words.read():
        if word.worker_id == settings.worker_id:
            health.count(f"watchdog:{word.verdict.rule}")
    limits = Limits(
        loop_late_s_max=settings.loop_late_s_max,
        progress_late_s_max=settings.progress_late_s_max,
        commit_late_s_max=settings.commit_late_s_max + settings.snapshot_interval_s,  # the next try is due
    )
    return Watchdog(
        lambda beats: Sight(beats, _places(shards, outputs), _commit(app)), limits, words, settings.worker_id, wall_s
    )


def _places(shards: Shards, outputs: Outputs) -> dict[tuple[str, int], Place]:
    """Read without a lock: each number is whole, and the next look corrects one that is old."""
    return {
        place: Place(held.shard.next_offset, outputs.ends.get(place, 0), held.tried_wall_s)
        for place, held in list(shards.held.items())
    }


def _commit(app: faust.App) -> Any:
    consumer: Any = app._consumer  # noqa: SLF001  the property would make one
    return None if consumer is None else consumer._commit_fut  # noqa: SLF001  of the tested version (streams.transport)
