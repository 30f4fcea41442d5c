"""The report on small runs whose journal is made by the live path without Kafka."""

import json
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from ops import model_changes
from ops import rule_alone as rule_module
from ops.cli import main
from ops.comparison import difference, weekly_costs
from ops.journal import FILE, Journal, read
from ops.report import FORESIGHT, HEADGATE, RULE, Report, build
from ops.report_page import render_page
from ops.report_text import MODELS, conclusions, render_text
from ops.rule_alone import FACTORS
from streams.catalog import Catalog, PoolSpec
from streams.errors import ConfigurationError
from streams.model_events import ModelChanged
from tests.ops.small_run import CONTROL_DAYS, DAY_S, END_DAYS, START_S, recorded, rows_of, small_catalog


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the journal of a careless rule: it holds far too much."""
    path = tmp_path_factory.mktemp("run") / FILE
    with Journal(path, {"control_from_s": "0"}) as writing:
        writing.write(rows_of(3.0))
    return path


@pytest.fixture(scope="module")
def report(journal: Path) -> Report:
    """Return its report."""
    return build(journal, small_catalog(), recorded())


def test_foresight_is_cheapest_and_the_tuned_rule_beats_a_careless_one(report: Report) -> None:
    """The three ways stand in the order that they must."""
    costs = {name: one.cost for name, one in report.total.items()}
    assert 0 < costs[FORESIGHT] < costs[RULE] < costs[HEADGATE]
    assert report.difference.low > 0
    assert "dearer" in conclusions(report)[0]


def test_the_rule_is_tuned_before_control_starts(report: Report) -> None:
    """Its factor is the cheapest of those tried, and its neighbours were tried."""
    assert report.factor == min(report.tried, key=lambda factor: report.tried[factor])
    place = FACTORS.index(report.factor)
    assert set(FACTORS[max(place - 1, 0) : place + 2]) <= set(report.tried)


def test_headgates_figures_are_the_journals(report: Report, journal: Path) -> None:
    """Cost, fill rate, stock and orders are sums over the rows."""
    rows = read(journal)[1]
    one = report.total[HEADGATE]
    assert one.cost == pytest.approx(sum(row.cost for row in rows))
    assert one.holding == pytest.approx(sum(0.1 * row.on_hand for row in rows))
    assert one.lost == pytest.approx(sum(4.0 * row.unmet for row in rows))
    assert one.fill_ratio == pytest.approx(sum(row.sold for row in rows) / sum(row.demand for row in rows))
    assert one.mean_stock == pytest.approx(sum(row.on_hand for row in rows) / (END_DAYS - CONTROL_DAYS))
    assert one.orders == sum(row.ordered > 0 for row in rows)
    assert report.deciders.policy_ratio == 1.0
    assert report.periods == END_DAYS - CONTROL_DAYS


def test_the_same_rule_twice_is_no_difference(tmp_path: Path, report: Report) -> None:
    """When Headgate served just the tuned rule, the two are equal to the last unit."""
    with Journal(tmp_path / FILE, {}) as writing:
        writing.write(rows_of(report.factor))
    again = build(tmp_path / FILE, small_catalog(), recorded())
    assert again.total[HEADGATE] == again.total[RULE]
    assert max(abs(again.difference.low), abs(again.difference.high)) < 1e-9
    assert "not told apart" in conclusions(again)[0]


def test_the_text_names_every_way_and_where_costs_come_from(report: Report) -> None:
    """What the terminal shows has the table, the share of the policy and the catalog's note, in 110 columns."""
    text = render_text(report)
    for words in (
        HEADGATE,
        "rule alone (x ",
        FORESIGHT,
        "fill rate",
        "The policy itself decided 60 of 60 lines (100.0%)",
        "invented",
    ):
        assert words in text
    assert max(map(len, text.splitlines())) <= 110


def test_the_page_needs_nothing_else(report: Report) -> None:
    """No address of anything stands in it, and its chart has a line for each way."""
    page = render_page(report)
    assert not re.search(r"(src|href)=|https?:|@import|url\(", page)
    assert page.count("<polyline") == 3
    assert FORESIGHT in page


def test_models_that_changed_are_told_with_their_reasons(tmp_path: Path) -> None:
    """In the text, in the page as text and never as markup, and in JSON; a file that cannot be read is named."""
    with Journal(tmp_path / FILE, {}) as writing:
        writing.write(rows_of(1.0))
    change = ModelChanged(
        pool_id="i94", resource_id=None, kind="switched", model="river-linear", version="6.2", reason="<b>asked</b>",
        at_s=START_S,
    )  # fmt: skip
    begun = msgspec.structs.replace(change, kind="begun", at_s=START_S - DAY_S)
    model_changes.write(tmp_path / model_changes.FILE, [change, begun])

    report = build(tmp_path / FILE, small_catalog(), recorded())

    text, page = render_text(report), render_page(report)
    assert text.index("begins to learn beside what serves") < text.index("river-linear 6.2 serves from now on: <b>")
    assert "&lt;b&gt;asked&lt;/b&gt;" in page
    assert len(json.loads(json.dumps(report.as_json()))["models"]) == 2
    (tmp_path / model_changes.FILE).write_text("[1")
    with pytest.raises(ConfigurationError, match=r"models\.json cannot be read"):
        build(tmp_path / FILE, small_catalog(), recorded())


def test_a_run_whose_models_stayed_tells_none(report: Report) -> None:
    """No heading without a line."""
    assert MODELS not in render_text(report) + render_page(report)


def test_of_many_changes_the_newest_are_told() -> None:
    """With how many are left out."""
    change = ModelChanged(
        pool_id="i94", resource_id="westbound", kind="returned", model="mixture", version="6.1", reason="no longer",
        at_s=0.0,
    )  # fmt: skip
    told = model_changes.lines([change] * 25)
    assert told[0] == "(5 older changes)"
    assert len(told) == 21
    assert told[1].startswith("1970-01-01 00:00:00Z i94/westbound: mixture 6.1 serves again")


def test_a_few_decisions_of_the_policy_are_said_aloud(tmp_path: Path) -> None:
    """Below 80 % the conclusion says who decided instead, and how many ticks timed out."""
    rows = rows_of(1.0)
    late = {row.period_start_s for row in rows[:20]}
    nobody: dict[str, Any] = {"decided_by": "timeout", "reason_code": "", "policy": "", "policy_version": ""}
    with Journal(tmp_path / FILE, {}) as writing:
        writing.write(replace(row, **nobody) if row.period_start_s in late else row for row in rows)
    report = build(tmp_path / FILE, small_catalog(), recorded())
    assert report.deciders.timeouts == len(late) == 10
    assert "less than 80%: timeout 20" in conclusions(report)[2]


def test_other_data_than_the_runs_are_refused(journal: Path) -> None:
    """A report on demand that the run never saw would compare nothing."""
    with pytest.raises(ConfigurationError, match="--data"):
        build(journal, small_catalog(), recorded()[:-1])


def test_another_catalog_than_the_runs_is_refused(journal: Path) -> None:
    """So would one with other items."""
    catalog = small_catalog()
    pool = catalog.pools[0]
    other = PoolSpec(pool_id="gifts", feeds=pool.feeds, resources=pool.resources[:1])
    with pytest.raises(ConfigurationError, match="--catalog"):
        build(journal, Catalog(version=1, pools=(other,)), recorded())


def test_without_a_journal_the_command_says_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line, exit status 1."""
    assert main(["report", "--data-dir", str(tmp_path)]) == 1
    assert "run `headgate demo` or `headgate twin`" in capsys.readouterr().err


def test_a_damaged_journal_is_named(tmp_path: Path) -> None:
    """Not a traceback of SQLite's."""
    (tmp_path / FILE).write_bytes(b"no database at all, but long enough to look like one" * 20)
    with pytest.raises(ConfigurationError, match=r"twin\.sqlite cannot be read"):
        read(tmp_path / FILE)


def test_a_run_without_a_period_has_no_report(tmp_path: Path) -> None:
    """The journal of a twin that waits for its first tick is there, and empty."""
    with Journal(tmp_path / FILE, {}):
        pass
    with pytest.raises(ConfigurationError, match="no period has been lived through yet"):
        read(tmp_path / FILE)


def test_the_report_is_json_all_through(report: Report) -> None:
    """Every figure survives the way to a file and back."""
    assert json.loads(json.dumps(report.as_json()))["total"][RULE]["cost"] == report.total[RULE].cost


def test_weeks_keep_every_cost(journal: Path) -> None:
    """Thirty days are four weeks, the last one of nine days, and nothing is lost between them."""
    rows = read(journal)[1]
    weekly = weekly_costs(rows, from_s=rows[0].period_start_s, until_s=START_S + END_DAYS * DAY_S)
    assert len(weekly) == 4
    assert weekly.sum() == pytest.approx(sum(row.cost for row in rows))


def test_many_cores_give_what_one_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spread over processes the rule alone lives through the same, and tries the same factors."""
    pools = tuple(msgspec.structs.replace(small_catalog().pools[0], pool_id=name) for name in ("gifts", "more"))
    lines = [msgspec.structs.replace(line, pool_id=pool.pool_id) for line in recorded() for pool in pools]
    spans = [(START_S + CONTROL_DAYS * DAY_S, START_S + END_DAYS * DAY_S)] * 2
    alone = rule_module.rule_alone(pools, lines, spans)
    monkeypatch.setattr(rule_module, "SERIAL_BUCKETS_MAX", 0)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    assert rule_module.rule_alone(pools, lines, spans) == alone


def test_the_interval_covers_what_it_should() -> None:
    """Weekly gaps of mean 10: the 95 % interval holds it about as often (100 draws, at least 85)."""
    rng = np.random.default_rng(11)
    held = 0
    for _ in range(100):
        gap = difference(rng.normal(110, 30, 52), rng.normal(100, 30, 52), rng)
        held += gap.low <= 10 <= gap.high
    assert held >= 85
