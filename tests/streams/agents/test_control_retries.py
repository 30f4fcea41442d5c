"""How long a tick is tried again while nothing answers: until it expires, or for a bound when its time stands still."""

import time
from pathlib import Path
from typing import Any

import pytest

from streams.agents.control import Control
from streams.claims import MemoryClaims
from streams.clock import LIVE, RunClock
from streams.errors import UnavailableError
from streams.events import Tick, encode
from streams.forecast_store import MemoryForecastStore
from streams.health import Health
from streams.settings import Settings
from tests.streams.agents.control_world import cut

FAILURES = 3


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("speed_up", "counted"), [(1.0, "decisions:unknown-pool"), (0.0, "dead:undecided")], ids=["live", "standing"]
)
async def test_an_outage_gives_up_only_a_tick_that_can_never_expire(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, speed_up: float, counted: str
) -> None:
    """Redis is away for longer than the bound: a live tick still waits for it, one of a twin is given up."""
    now_s = time.time()
    run_clock = LIVE if speed_up else RunClock(event_origin_s=now_s, speed_up=0.0)
    tick = Tick(
        tick_id="shop/today", pool_id="shop", period_start_s=now_s, valid_until_s=now_s + 3600.0, now_s=now_s,
        run_clock=run_clock, missing=False, cut=cut(1),
    )  # fmt: skip
    health = Health("w")
    control = Control(Settings(data_dir=tmp_path), MemoryForecastStore(), MemoryClaims(), health)
    tries = 0

    async def caught_up() -> None:
        nonlocal tries
        tries += 1
        if tries <= FAILURES:
            raise UnavailableError("nothing answers")

    async def send(*_: Any) -> None:
        pass

    monkeypatch.setattr("streams.agents.control.RETRY_S", (0.0,))
    monkeypatch.setattr("streams.agents.control.STANDING_S_MAX", -1.0)
    monkeypatch.setattr(control.feed, "caught_up", caught_up)
    monkeypatch.setattr(control, "_send", send)
    await control.take("ticks", 0, 0, encode(tick), now_s)

    assert health.report([], [], at_s=0.0, rss_bytes=0).counters[counted] == 1
