"""`headgate whatif`: what is typed, what is refused and what is told; the figures are the simulator's."""

import argparse
import json
from typing import Any

import msgspec
import numpy as np
import pytest

from ops import situations
from ops.amounts import Amount, parse
from ops.cli import options_of
from ops.commands.whatif import as_json, heading, question_of
from ops.whatif import Comparison, Question, applied, compare
from ops.whatif_text import WIDTH_CHARACTERS, conclusion, render
from policies.inventory.base_stock import BaseStock
from streams.errors import ConfigurationError
from tests.streams.decisions import SPEC, decided, series, view_of

NOW = situations.situation(SPEC, view_of())


def asked(*words: str) -> Question:
    """Return the question that was typed about the shop."""
    return question_of(options_of(["whatif", "shop", *words]))


def compared(*words: str) -> Comparison:
    """Return both cases of the shop under base-stock."""
    return compare(SPEC, NOW, BaseStock(), BaseStock(), asked("--paths", "50", *words))


def test_minus_ten_percent_can_be_typed() -> None:
    """Behind its option, with or without an equals sign; argparse would take it for an option."""
    for words in (("--demand", "-10%"), ("--demand=-10%",)):
        assert asked(*words).changes == {"demand": Amount("times", 0.9)}
    assert asked("--lead-time", "-1").changes == {"lead_time": Amount("plus", -1.0)}


def test_every_change_reaches_what_it_names() -> None:
    """Lead times, costs, demand and limits; the rest stays."""
    words = (
        "--lead-time", "+2", "--lost-sale-cost", "x1.5", "--holding-cost", "0.2", "--demand", "+20%",
        "--budget", "5000", "--capacity", "-50%",
    )  # fmt: skip
    then = applied(NOW, asked(*words).changes).observation

    assert then.lead_time_periods.tolist() == [4.0, 4.0]
    assert then.lost_sale_cost.tolist() == [6.0, 6.0]
    np.testing.assert_allclose(then.holding_cost, 0.2)
    np.testing.assert_allclose(then.demand_mean_units, 1.2 * NOW.observation.demand_mean_units)
    assert (then.budget, then.capacity_units) == (5000.0, 500.0)
    assert then.on_hand_units.tolist() == NOW.observation.on_hand_units.tolist()


def test_what_is_ordered_now_is_what_would_be_decided() -> None:
    """The same view, the same policy: the live path's orders, line by line."""
    live = {line.resource_id: line.order_units for line in decided(view_of(), BaseStock()).lines}
    found = compared("--budget", "x2").base

    assert dict(zip(NOW.observation.resource_ids, found.now_units.tolist(), strict=True)) == live
    assert sum(live.values()) > 0


def test_a_dearer_case_is_called_so() -> None:
    """Twice the cost of what is lost costs more, and the interval says that it is sure."""
    one = compared("--holding-cost", "x2")

    assert one.difference.low > 0
    assert ": dearer." in conclusion([one])
    assert "not told apart from now" in conclusion([compared("--budget", "x2")])


def test_the_table_names_pool_items_and_both_cases() -> None:
    """In the width of a terminal; of several pools only the sums are shown."""
    one = compared("--demand", "-10%")
    text = render([one], "demand -10%", periods=28, paths=50)

    for words in (
        "What if: demand -10%. 28 periods, 50 paths",
        "shop",
        "  now",
        "  changed",
        "mug",
        "Nothing was ordered",
    ):
        assert words in text
    assert max(map(len, text.splitlines())) <= WIDTH_CHARACTERS
    assert "mug" not in render([one, one], "demand -10%", periods=28, paths=50)


def test_every_figure_is_json() -> None:
    """And survives the way to a file and back."""
    one = compared("--lead-time", "5")
    read = json.loads(json.dumps(as_json(one)))

    assert read["difference"]["mean"] == one.difference.mean
    assert read["now"]["ordered_now"].keys() == {"mug", "cup"}
    assert heading(options_of(["whatif", "shop", "--lead-time", "5", "--policy", "base-stock"])) == (
        "lead time 5, policy base-stock"
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "say what would be another way: --lead-time, "),
        (("--demand", "a lot"), "--demand 'a lot' is none of x1.5"),
        (("--demand", "x20%"), "--demand 'x20%' is none of"),
        (("--paths", "1", "--budget", "5"), "--paths 1: 2 to 20,000"),
        (("--periods", "1000", "--budget", "5"), "--periods 1000: 2 to 366"),
        (("--all", "--budget", "5"), "name one pool, or --all"),
    ],
)
def test_wrong_words_are_refused(words: tuple[str, ...], said: str) -> None:
    """In one line that says what would be right."""
    with pytest.raises(ConfigurationError, match=said.replace("+", r"\+")):
        asked(*words)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--lead-time", "-3"), "--lead-time makes -1 to -1 periods"),
        (("--lead-time", "99"), "--lead-time makes 99 to 99 periods; 0 to 60"),
        (("--demand", "5"), "--demand is a part of what is forecast"),
        (("--budget", "-2000000000000"), "--budget makes -1e\\+12; nothing below 0"),
        (("--holding-cost", "-5"), "--holding-cost makes -4; nothing below 0"),
    ],
)
def test_changes_that_lead_nowhere_are_refused(words: tuple[str, ...], said: str) -> None:
    """With what they would have come to."""
    with pytest.raises(ConfigurationError, match=said):
        applied(NOW, asked(*words).changes)


@pytest.mark.parametrize(
    ("view", "said"),
    [
        (None, "pool shop has no view in Redis yet"),
        (view_of(series("mug", forecast=None), series("cup")), r"1 of 2 items have no forecast yet \(mug\)"),
        (view_of(series("mug"), series("cup", on_hand=None)), r"the stock of 1 of 2 items is not known \(cup\)"),
    ],
)
def test_a_pool_of_which_too_little_is_known_is_refused(view: Any, said: str) -> None:
    """With what is missing."""
    with pytest.raises(ConfigurationError, match=said):
        situations.situation(SPEC, view)


def test_hours_and_days_have_their_seasons() -> None:
    """Demand beyond the horizon goes on as a day or a week before."""
    hourly = msgspec.structs.replace(SPEC, period="hour")

    assert situations.situation(hourly, view_of()).season_periods == 24
    assert NOW.season_periods == 7


def test_an_amount_is_a_factor_a_step_or_a_value() -> None:
    """As the help says."""
    assert isinstance(options_of(["whatif", "shop"]), argparse.Namespace)
    assert [parse(text, "--x").of(10.0) for text in ("x1.5", "+20%", "-10%", "+2", "-2", "5", "80%")] == pytest.approx(
        [15.0, 12.0, 9.0, 12.0, 8.0, 5.0, 8.0]
    )
