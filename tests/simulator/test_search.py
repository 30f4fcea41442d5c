"""The search for parameters is seeded, starts from the default, and goes on where it was stopped."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("optuna", reason="needs the extra `train`")

from policies.inventory.rules import RULES
from simulator.inventory.known import Known
from simulator.inventory.patterns import Pattern
from simulator.inventory.terms import Terms
from simulator.inventory.world import Setting, draw
from simulator.training.search import Search, search
from simulator.training.tuning import costs_of

SETTING = Setting(
    worlds=8,
    items=1,
    periods=60,
    history_periods=14,
    demand=Pattern(mean_units=5.0),
    trade=Terms(lead_time_periods=3),
    forecasts=Known(),
)


def found_after(trials: int, storage: Path | None = None, seed: int = 3):
    """Return what a search of so many trials finds, and what it told."""
    told: list[tuple[int, float]] = []
    what = Search("capped-base-stock", SETTING, seed, trials, storage)
    return search(what, lambda done, cost: told.append((done, cost))), told


def test_a_search_beats_the_default_and_repeats():
    """Twenty trials in batches: never worse than the default, which is the first, and the same for the same seed."""
    found, told = found_after(20)
    again, _ = found_after(20)
    scenario = draw(np.random.default_rng(3), SETTING)
    rule = RULES["capped-base-stock"]
    default = {one.name: one.default for one in rule.parameters}

    assert found == again
    assert [done for done, _ in told] == [8, 16, 20]
    assert costs_of(rule, [found.values], scenario)[0] == pytest.approx(found.cost)
    assert found.cost < costs_of(rule, [default], scenario)[0]


def test_a_kept_study_goes_on(tmp_path: Path):
    """The second call does only what is left, and knows of the first; another world is another study."""
    kept = tmp_path / "study.db"
    first, _ = found_after(8, kept)
    second, told = found_after(14, kept)
    other, _ = found_after(4, kept, seed=4)

    assert (first.trials, first.resumed) == (8, 0)
    assert (second.trials, second.resumed) == (14, 8)
    assert [done for done, _ in told] == [14]
    assert second.cost <= first.cost
    assert other.resumed == 0
