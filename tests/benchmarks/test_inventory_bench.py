"""InventoryBench's protocol is played as written: by hand, on instances of our own, by rules whose orders are known."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.inventory import inventory_bench
from benchmarks.inventory.__main__ import main
from benchmarks.inventory.generated_instances import generated
from benchmarks.inventory.instances import of_table, parts, read
from benchmarks.inventory.players import CappedBaseStock, ForgettingBaseStock
from benchmarks.inventory.protocol import play, standard_error


class Scripted:
    """Orders what it was told to, whatever it sees, and notes what it saw."""

    def __init__(self, *orders: float) -> None:
        """Take the orders of each period."""
        self.orders = list(orders)
        self.learnt: list[float] = []
        self.seen: list[tuple[float, ...]] = []

    def learn(self, demand_units: np.ndarray) -> None:
        """Note it."""
        self.learnt.append(float(demand_units[0]))

    def decide(self, on_hand: np.ndarray, outstanding_units: np.ndarray) -> np.ndarray:
        """Note what is there, order what comes next."""
        self.seen.append((float(on_hand[0]), *outstanding_units[0, :3]))
        return np.array([self.orders[len(self.seen) - 1]])


def table(lead_times: list[int], demand: list[int], name: str = "hand/lead_time_stochastic/a") -> pa.Table:
    """Return one instance with two known periods; a unit earns 4, holding one costs 1."""
    periods = np.arange(len(demand)) - 2
    return pa.table(
        {
            "instance": [name] * len(demand),
            "split": np.where(periods < 0, "train", "test"),
            "period": periods,
            "demand_units": demand,
            "lead_time_periods": [0.0, 0.0, *map(float, lead_times)],
            "unit_profit": [4.0] * len(demand),
            "holding_cost": [1.0] * len(demand),
            "demand_path": ["a"] * len(demand),
            "part": ["report"] * len(demand),
        }
    )


def test_an_instance_is_scored_as_by_hand():
    """A late order, a lost one and one that overtakes; only the past is known when an order is placed."""
    instances = of_table(table([2, -1, 1, 1], [9, 8, 3, 3, 4, 2]))
    player = Scripted(6.0, 5.0, 4.0, 0.0)
    score = play(instances, player)

    # Sold 0, 0, 4 of 6, 2 of 2 + 4: profit 4 * 6 - (0 + 0 + 2 + 4); all of 12 would have earned 48.
    assert score[0] == pytest.approx((24.0 - 6.0) / 48.0)
    assert player.seen == [(0, 0, 0, 0), (0, 6, 0, 0), (0, 5, 6, 0), (2, 4, 5, 0)]
    assert player.learnt == [9, 8, 3, 3, 4, 2]


def test_a_loss_counts_as_nothing():
    """The score is never below zero."""
    assert play(of_table(table([0, 0], [1, 1, 1, 1])), Scripted(500.0, 0.0)) == [0.0]


def test_what_ends_early_is_not_held_on():
    """An instance of two periods beside one of four is scored as if it were alone."""
    long, short = table([0] * 4, [5] * 6, "b/lead_time_0/long"), table([0] * 2, [5] * 4, "a/lead_time_0/short")

    class Both(Scripted):
        def decide(self, on_hand: np.ndarray, outstanding_units: np.ndarray) -> np.ndarray:
            return np.repeat(super().decide(on_hand, outstanding_units), len(on_hand))

    both = play(of_table(pa.concat_tables([long, short])), Both(7.0, 7.0, 0.0, 0.0))
    alone = play(of_table(short), Scripted(7.0, 7.0))

    assert both[0] == alone[0] == pytest.approx((40.0 - 2.0 - 4.0) / 40.0)


def test_the_papers_rule_orders_what_its_formula_says():
    """Mean 10, deviation 2 over the known periods, p / (p + h) = 0.8, lead time 0: ten and 0.84 deviations."""
    rows = table([0], [8, 10, 12], "hand/lead_time_0/a")
    rule = CappedBaseStock(of_table(rows))
    for demand in (8.0, 10.0, 12.0):
        rule.learn(np.array([demand]))

    assert rule.decide(np.zeros(1), np.zeros((1, 4))) == [11.0]
    assert rule.decide(np.array([4.0]), np.array([[3.0, 0.0, 0.0, 1.0]])) == [3.0]


def test_the_forgetting_rule_counts_late_orders_as_far_as_they_may_come():
    """Placed one, two, three periods ago: three quarters, two thirds, a half; later nothing."""
    rule = ForgettingBaseStock(of_table(table([1, 1], [8, 10, 12, 9])))
    for demand in (10.0, 10.0, 10.0, 10.0, 10.0):
        rule.learn(np.array([demand]))

    orders = [rule.decide(np.array([25.0]), 4.0 * np.eye(5)[[age]])[0] for age in range(5)]
    assert orders == [2.0, 2.0, 3.0, 5.0, 5.0]


def test_forgetting_beats_remembering_all_on_unsteady_demand():
    """On generated instances the two rules are in the order that the benchmark's own instances show."""
    instances = of_table(generated(np.random.default_rng(1), 40))
    paper, forgetting = (play(instances, one(instances)).mean() for one in (CappedBaseStock, ForgettingBaseStock))

    assert forgetting > paper + 0.03


def test_the_standard_error_draws_whole_paths():
    """Copies of an instance add nothing to what is known."""
    values = np.random.default_rng(2).normal(size=50)
    names = np.arange(50).astype(str)
    alone = standard_error(values, names, np.random.default_rng(3))

    assert alone == pytest.approx(values.std() / np.sqrt(50), rel=0.1)
    assert standard_error(np.repeat(values, 9), np.repeat(names, 9), np.random.default_rng(3)) == pytest.approx(alone)


def test_tables_are_read_by_part(tmp_path: Path):
    """A file says which parts it has; a part that it has not is an error that names it."""
    pq.write_table(generated(np.random.default_rng(4), 2), tmp_path / "t.parquet")

    assert parts(tmp_path / "t.parquet") == {"report"}
    assert len(read(tmp_path / "t.parquet", None).family) == len(read(tmp_path / "t.parquet", "report").family) == 18
    with pytest.raises(ValueError, match="no instances of part 'tune'"):
        read(tmp_path / "t.parquet", "tune")


def test_unknown_lead_times_are_refused():
    """A name without a lead time, or one longer than the policy knows, is no guess."""
    with pytest.raises(ValueError, match="names no lead time"):
        of_table(table([0], [1, 1, 1], "hand/soon/a"))
    with pytest.raises(ValueError, match="longer lead time than 4"):
        of_table(table([0], [1, 1, 1], "hand/lead_time_9/a"))


def test_the_figures_cover_all_and_each_family():
    """Every player, its paired difference and standard errors, over all and per family; limits only over all."""
    rows = {row.name: row for row in inventory_bench.measured(of_table(generated(np.random.default_rng(5), 3)))}

    assert rows["instances"].value == 27
    assert rows["all: learned"].must == 0.6
    assert rows["all: learned"].at_least
    assert {"generated/lead_time_0", "generated/lead_time_4", "generated/lead_time_stochastic"} == {
        name.split(":")[0] for name in rows if name.startswith("generated/")
    }
    paired = rows["all: learned"].value - rows["all: forgetting base-stock"].value
    assert rows["all: learned less forgetting base-stock, paired"].value == pytest.approx(paired)


def test_a_smoke_run_scores_the_shipped_policy_on_instances_that_never_were(tmp_path: Path):
    """The command without data, quickly: the policy beats the paper's rule, and rows are written."""
    main(["inventory-bench", "--quick", "--json", str(tmp_path / "figures.json")])
    rows = {row["name"]: row for row in json.loads((tmp_path / "figures.json").read_text())}

    assert rows["all: learned"]["value"] > rows["all: paper's capped base-stock"]["value"]
    assert rows["all: learned less forgetting base-stock, standard error"]["value"] > 0


def test_the_reported_part_is_taken_where_there_is_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Other instances of the same format are measured by naming their file; a missing file is named."""
    pq.write_table(generated(np.random.default_rng(4), 1), tmp_path / "t.parquet")
    main(["inventory-bench", "--data", str(tmp_path / "t.parquet")])
    assert "part report of t.parquet" in capsys.readouterr().out

    with pytest.raises(SystemExit, match="has to name the Parquet table of the instances"):
        main(["inventory-bench"])
