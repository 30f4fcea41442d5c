"""The closed loop on a real broker, Valkey and worker: recorded sales, decided orders, simulated stock, no gap."""

import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest
import redis

from ops.child import Child
from ops.cli import main
from ops.command_line import command_line
from ops.counterfactual import learn, live
from ops.journal import FILE, Lived, read
from ops.shipped import shipped
from ops.stack.local import LocalStack
from ops.twin import Twin
from ops.twin_actor import actor
from policies.registry import load_policy
from streams.administration import create_topics, end_offsets
from streams.catalog import Catalog, load
from streams.errors import ConfigurationError
from streams.events import PoolView, Transaction, decode_output
from streams.feeds.retail import read_retail
from streams.forecast_store import VIEW_KEY
from streams.settings import Settings
from streams.topics import TOPICS

LONDON = ZoneInfo("Europe/London")
HISTORY_FROM_S = datetime(2010, 5, 1, tzinfo=LONDON).timestamp()
CONTROL_FROM_S = datetime(2010, 7, 1, tzinfo=LONDON).timestamp()
UNTIL_S = datetime(2010, 7, 21, tzinfo=LONDON).timestamp()
PATIENCE_S = 60.0  # how long the last events may take to be folded; nothing asserts on it


@dataclass
class Run:
    """One whole run: what it was given and what it left behind."""

    settings: Settings
    catalog: Catalog
    lines: list[Transaction]
    twin: Twin
    journal: Path

    def rows(self) -> list[Lived]:
        """Return the journal."""
        return read(self.journal)[1]

    def view(self, pool_id: str) -> PoolView:
        """Return what Redis says of the pool."""
        body = redis.Redis.from_url(self.settings.redis).hget(VIEW_KEY + pool_id, "body")
        assert isinstance(body, bytes)
        view = decode_output(body)
        assert isinstance(view, PoolView)
        return view


def small_catalog() -> Catalog:
    """Return two of the shipped pools with three items each, under the base-stock rule."""
    catalog = load(shipped("catalogs/retail.toml"))
    pools = tuple(
        msgspec.structs.replace(pool, resources=pool.resources[:3], policy="base-stock") for pool in catalog.pools[:2]
    )
    return msgspec.structs.replace(catalog, pools=pools)


def run_once(folder: Path, stack: LocalStack) -> Run:
    """Start a worker on `stack`, let the twin live through its days, and end the worker."""
    settings = stack.settings(data_dir=folder)
    create_topics(settings)
    catalog = small_catalog()
    recorded = read_retail(shipped("data/retail/online_retail_ii_subset.csv.xz"), catalog, b"0" * 32)
    pools = {pool.pool_id for pool in catalog.pools}
    lines = [line for line in recorded if HISTORY_FROM_S <= line.occurred_at_s < UNTIL_S and line.pool_id in pools]
    worker = Child("worker", command_line(["worker"]), folder / "worker.log", settings.environment())
    try:
        twin = Twin(settings, catalog, lines, control_from_s=CONTROL_FROM_S, until_s=UNTIL_S, wait_s=120.0)
        twin.run()
        run = Run(settings, catalog, lines, twin, folder / FILE)
        _wait_for_the_last_bucket(run)
    finally:
        worker.stop()
    return run


def _wait_for_the_last_bucket(run: Run) -> None:
    until_s = time.monotonic() + PATIENCE_S
    for pool in run.catalog.pools:
        while run.view(pool.pool_id).period_start_s < UNTIL_S and time.monotonic() < until_s:
            time.sleep(0.2)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory, stack: LocalStack) -> Run:
    """Return a run on the module's servers."""
    return run_once(tmp_path_factory.mktemp("first"), stack)


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory, first: Run) -> Iterator[Run]:
    """Return a second run of the same, on servers of its own; the first is over by then."""
    with LocalStack(tmp_path_factory.mktemp("other")) as other:
        yield run_once(tmp_path_factory.mktemp("second"), other)


@pytest.mark.timeout(300)
def test_every_tick_was_decided_by_the_policy(first: Run) -> None:
    """Nothing timed out, and the policy had the forecasts that it needs."""
    rows = first.rows()
    assert first.twin.timeouts == 0
    assert {row.decided_by for row in rows} == {"policy"}
    assert len(rows) == first.twin.periods_lived * 3 == 2 * 20 * 3
    assert sum(row.ordered for row in rows) > 0


def test_stock_is_conserved_over_the_run(first: Run) -> None:
    """Opening stock + received - sold + returned = on hand, and what was asked is what was sold and unmet."""
    stock = {one.id: one.initial_on_hand_units for pool in first.catalog.pools for one in pool.resources}
    for row in first.rows():
        stock[row.resource_id] += row.received - row.sold + row.returned
        assert row.on_hand == pytest.approx(stock[row.resource_id])
        assert row.demand == pytest.approx(row.sold + row.unmet)


def test_the_ledger_in_redis_is_the_twins_stock(first: Run) -> None:
    """After the last event the live view and the world agree on what is on hand and on order."""
    for pool in first.catalog.pools:
        world = first.twin.pool(pool.pool_id).world
        for series in first.view(pool.pool_id).series:
            assert series.on_hand_units == pytest.approx(world.on_hand(series.resource_id))
            assert {one.action_id: one.units for one in series.on_order} == {
                one.action_id: one.units for one in world.on_order(series.resource_id)
            }


def test_what_cleaning_refused_is_what_was_dirty(first: Run) -> None:
    """The dirty rows of the record met cleaning in the broker; none of the twin's own events was refused."""
    for pool in first.catalog.pools:
        counters = first.view(pool.pool_id).counters
        assert counters.get("late", 0) == 0
        assert counters.get("duplicate", 0) == 0
        known = {resource.id for resource in pool.resources}
        foreign = sum(line.pool_id == pool.pool_id and line.resource_id not in known for line in first.lines)
        assert counters.get("dead:unknown-resource", 0) == foreign
        assert counters.get("dead:future", 0) == 0


def test_the_same_policy_off_line_lives_through_the_same(first: Run) -> None:
    """The report's counterfactual is the live path: with the policy that was live it repeats the journal."""
    again: list[Lived] = []
    for pool in first.catalog.pools:
        one = actor(pool, first.lines, control_from_s=CONTROL_FROM_S, until_s=UNTIL_S)
        again += live(one, learn(one).at_start, load_policy("base-stock", data_dir=None))
    by_place = sorted(again, key=lambda row: (row.pool_id, row.period_start_s, row.resource_id))
    assert by_place == first.rows()


def test_what_if_is_played_from_where_the_run_stands(first: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """From the twin's own stock and the live forecasts; what it costs is told, and nothing is written anywhere."""
    settings, topics = first.settings, [spec.name for spec in TOPICS]
    places = ("--broker", settings.broker, "--redis", settings.redis, "--data-dir", str(settings.data_dir))
    before = end_offsets(settings, topics), first.view("gifts-bags")

    assert main(["whatif", "gifts-bags", "--lead-time", "+2", "--paths", "40", *places]) == 0
    text = capsys.readouterr().out
    assert main(["whatif", "--all", "--demand", "-10%", "--paths", "40", *places]) == 0
    both = capsys.readouterr().out

    world = first.twin.pool("gifts-bags").world
    for resource in first.catalog.pools[0].resources:
        row = next(line for line in text.splitlines() if line.strip().startswith(resource.id))
        assert row.split()[1].replace(",", "") == f"{world.on_hand(resource.id):.0f}"
    assert "Changed minus now: " in text
    assert all(pool.pool_id in both for pool in first.catalog.pools)
    assert (end_offsets(settings, topics), first.view("gifts-bags")) == before


@pytest.mark.timeout(300)
def test_a_second_run_repeats_the_first(first: Run, second: Run) -> None:
    """Without timeouts the same record gives the same journal, row by row."""
    contents = []
    for run in (first, second):
        file = sqlite3.connect(run.journal)
        contents.append(file.execute("SELECT * FROM lived ORDER BY 1, 2, 3").fetchall())
        file.close()
    assert second.twin.timeouts == 0
    assert contents[0] == contents[1]


def test_pools_with_a_past_are_refused(second: Run) -> None:
    """A second twin on the same servers would send a history that is over."""
    late = Twin(second.settings, second.catalog, second.lines, control_from_s=CONTROL_FROM_S, until_s=UNTIL_S)
    with pytest.raises(ConfigurationError, match="has lived until 2010-07-20"):
        late.run()
