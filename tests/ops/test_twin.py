"""The twin on a real broker where nobody decides, and what it refuses before it starts."""

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from ops import twin as twin_module
from ops.journal import FILE, read
from ops.stack.local import LocalStack
from ops.twin import Twin
from streams.catalog import Catalog, FeedSpec, PoolSpec, ResourceSpec
from streams.errors import ConfigurationError, UnavailableError
from streams.events import Transaction
from streams.settings import Settings

DAY_S = 86_400.0
START_S = 1_278_028_800.0  # 2010-07-02 00:00 UTC
RESOURCES = (ResourceSpec(id="mug", lead_time_periods=1, initial_on_hand_units=10.0, lost_sale_cost=2.0),)
CATALOG = Catalog(
    version=1, pools=(PoolSpec(pool_id="gifts", controlled=True, feeds=(FeedSpec(id="till"),), resources=RESOURCES),)
)
LINES = [
    Transaction(
        event_id=str(day), pool_id="gifts", resource_id="mug", feed_id="till", kind="sale", quantity_units=6.0,
        occurred_at_s=START_S + day * DAY_S + 3600.0,
    )
    for day in range(-2, 3)
]  # fmt: skip


@pytest.mark.timeout(120)
def test_without_decisions_time_goes_on_and_says_so(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No worker runs: each tick times out, is told and counted, nothing is ordered, and the demand is lived through."""
    monkeypatch.setattr(twin_module, "FIRST_WAIT_S", 0.5)
    told: list[str] = []
    alone = Twin(
        replace(settings, data_dir=tmp_path), CATALOG, LINES, control_from_s=START_S, wait_s=0.2, tell=told.append
    )
    alone.run()
    rows = read(tmp_path / FILE)[1]
    assert alone.timeouts == 4  # three days, and the one after them
    assert [(row.sold, row.unmet, row.decided_by, row.cost) for row in rows] == [
        (6.0, 0.0, "timeout", 0.0),
        (4.0, 2.0, "timeout", 4.0),
        (0.0, 6.0, "timeout", 12.0),
    ]
    assert "twin: no decision for gifts 2010-07-02: nothing is ordered" in told


@pytest.mark.timeout(60)
def test_a_stopped_twin_ends_without_a_decision(settings: Settings, tmp_path: Path) -> None:
    """Ctrl-C while the first tick is waited for ends it, and the gateway with it."""
    stopping = Twin(replace(settings, data_dir=tmp_path), CATALOG, LINES, control_from_s=START_S, tell=lambda _: None)
    stopping.stop()
    stopping.run()
    assert stopping.periods_lived == 0


def test_a_catalog_without_control_is_refused(settings: Settings) -> None:
    """There is nothing to simulate."""
    pool = msgspec.structs.replace(CATALOG.pools[0], controlled=False)
    with pytest.raises(ConfigurationError, match="no pool of the catalog has controlled = true"):
        Twin(settings, Catalog(version=1, pools=(pool,)), LINES, control_from_s=START_S)


def test_without_a_redis_the_twin_says_where_it_looked(stack: LocalStack, tmp_path: Path) -> None:
    """A wrong address is one clear line."""
    nowhere = stack.settings(data_dir=tmp_path, redis="redis://127.0.0.1:1/0")
    with pytest.raises(UnavailableError, match=r"127\.0\.0\.1:1"):
        Twin(nowhere, CATALOG, LINES, control_from_s=START_S).run()
