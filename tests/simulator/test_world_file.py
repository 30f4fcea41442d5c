"""A world's file says what it says, and what is wrong in it is told with key, limit and what was meant."""

import re
import tomllib
from pathlib import Path

import numpy as np
import pytest

from simulator.inventory.chance import Each, Range
from simulator.inventory.known import Known
from simulator.inventory.online import Online
from simulator.inventory.patterns import Pattern
from simulator.inventory.replay import Replayed
from simulator.inventory.terms import Terms
from simulator.inventory.toml_section import Section, WorldFileError
from simulator.inventory.world import Worlds, draw
from simulator.inventory.world_file import read, setting_of

EXAMPLES = sorted((Path(__file__).resolve().parents[2] / "examples" / "worlds").glob("*.toml"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_is_a_world_that_runs(path: Path):
    """Drawn, played for two weeks with generous orders, it costs something finite."""
    worlds = Worlds(draw(np.random.default_rng(1), read(path)))
    costs = [
        worlds.step(worlds.observation().demand_mean_units[:, 0].reshape(1, -1).astype(float)).cost for _ in range(14)
    ]

    assert np.isfinite(costs).all()
    assert np.sum(costs) > 0


def test_there_are_examples():
    """The test above is about something."""
    assert {"lost-sales", "shop", "replayed"} <= {path.stem for path in EXAMPLES}


def test_the_documentation_names_every_key_and_no_other(monkeypatch: pytest.MonkeyPatch):
    """What a file may say is what docs/worlds.md lists, table by table."""
    asked: list[str] = []
    take = Section._take
    monkeypatch.setattr(Section, "_take", lambda self, key, default: (asked.append(key), take(self, key, default))[1])
    setting_of({}, Path())
    rows = (Path(__file__).resolve().parents[2] / "docs" / "worlds.md").read_text().split("## The file")[1]
    lines = [
        line.split("|")[1] for line in rows.split("\n\n**What policies see")[0].splitlines() if line.startswith("|")
    ]
    named = {word for line in lines for word in re.findall(r"`([a-z_]+)`", line)}
    tables = {word for line in lines for word in re.findall(r"\[([a-z]+)\]", line)}

    assert tables <= set(asked)
    assert named == set(asked) - tables | {"file", "backlog"}  # asked only of what is replayed, and where it is given


def test_the_values_of_a_file_arrive():
    """Constants, ranges and one for each item; what is not said is the default."""
    text = """
        items = 2
        periods = 50
        [demand]
        noise = "negative-binomial"
        mean_units = { each = [3, 5] }
        shape = [0.5, 2.0]
        [customers]
        waiting_ratio = 0.25
        [costs]
        lost_sale = 4
        order = 12.0
        [ordering]
        lead_time_periods = [1, 3]
        lost_ratio = 0.02
        [pool]
        budget = 30
        [forecasts]
        source = "known"
    """
    setting = setting_of(tomllib.loads(text), Path())

    assert (setting.items, setting.periods, setting.waiting_ratio) == (2, 50, 0.25)
    assert setting.demand == Pattern("negative-binomial", Each((3.0, 5.0)), Range(0.5, 2.0))
    assert setting.trade == Terms((1, 3), lost_sale_cost=4.0, order_cost=12.0, budget=30.0)
    assert setting.deliveries.lost_ratio == 0.02
    assert setting.forecasts == Known()
    assert setting.horizon_periods == 8


def test_recorded_series_lie_beside_the_file(tmp_path: Path):
    """A CSV of one series a row; the online forecaster is named by its family."""
    (tmp_path / "own.csv").write_text("1,2,3,4\n5,6,7,8\n" * 1)
    (tmp_path / "own.csv").write_text("\n".join(",".join(str(k) for k in range(40)) for _ in range(2)))
    text = 'periods = 10\nhistory_periods = 20\n[demand]\nkind = "replayed"\nfile = "own.csv"\n'
    (tmp_path / "world.toml").write_text(text + '[forecasts]\nsource = "online"\nfamily = "smoothing"\n')
    setting = read(tmp_path / "world.toml")

    assert isinstance(setting.demand, Replayed)
    assert setting.demand.units.shape == (2, 40)
    assert setting.forecasts == Online("smoothing")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("item = 3", r"item: is not known here; did you mean 'items'\?"),
        ("[cost]\nholding = 1", r"cost: is not known here; did you mean 'costs'\?"),
        ("[costs]\nlost_sales = 9", r"\[costs\] lost_sales: is not known here; did you mean 'lost_sale'\?"),
        ("items = 0", r"items: 0 is outside \[1, 1000\]"),
        ("items = 1.5", r"items: 1\.5 is no whole number"),
        ("items = true", r"items: True is no number"),
        ('[demand]\nnoise = "poison"', r"\[demand\] noise: 'poison' is none of .*; did you mean 'poisson'\?"),
        ("[demand]\nmean_units = -1", r"\[demand\] mean_units: -1 is outside \[0\.001, 1e\+06\]"),
        ("[demand]\nmean_units = [5, 2]", r"mean_units: the range \[5, 2\] ends before it begins"),
        ("[demand]\nmean_units = [1, 2, 3]", r"no range \[low, high\]; a value for each item is \{ each"),
        ("[demand]\nmean_units = { each = [3, 5] }", r"mean_units: 2 values for 1 items"),
        ("[demand]\nseason = [0, 0]", r"season: every factor is 0"),
        ('[demand]\nkind = "replayed"', r"\[demand\] file: None is no text"),
        ('[demand]\nkind = "retail"\nmean_units = 5', r"\[demand\] mean_units: is not known here; it takes kind"),
        ("[customers]\nwaiting_ratio = 1.5", r"waiting_ratio: 1\.5 is outside \[0, 1\]"),
        ("[ordering]\nlead_time_periods = 99", r"lead_time_periods: 99 is outside \[0, 60\]"),
        ("[ordering]\ncrossing = 1", r"crossing: 1 is neither true nor false"),
        ('[forecasts]\nsource = "online"\nfamily = "mixtur"', r"family: 'mixtur' is none of .*'mixture'\?"),
        ('[demand]\nregime_factors = [3, 8]\n[forecasts]\nsource = "known"', r"'known' is of patterns without hidden"),
        ("costs = 3", r"\[costs\] has to be a table, not 3"),
        ("items = ", r"is no TOML"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, message: str):
    """File, key, limit, and the word that was probably meant."""
    path = tmp_path / "world.toml"
    path.write_text(text)
    with pytest.raises(WorldFileError, match=message) as raised:
        read(path)

    assert str(path) in str(raised.value)


def test_a_missing_file_is_named(tmp_path: Path):
    """With the reason, for the world and for its series."""
    with pytest.raises(WorldFileError, match=r"nowhere\.toml cannot be read: No such file"):
        read(tmp_path / "nowhere.toml")
    (tmp_path / "world.toml").write_text('[demand]\nkind = "replayed"\nfile = "gone.csv"')
    with pytest.raises(WorldFileError, match=r"gone\.csv cannot be read"):
        read(tmp_path / "world.toml")


@pytest.mark.parametrize(("rows", "message"), [("1,x", "no number"), ("1,2\n3", "same length"), ("1,-2", "below 0")])
def test_series_that_are_none_are_refused(tmp_path: Path, rows: str, message: str):
    """A cell that is no number, rows of several lengths, demand below zero."""
    (tmp_path / "own.csv").write_text(rows)
    (tmp_path / "world.toml").write_text('[demand]\nkind = "replayed"\nfile = "own.csv"')
    with pytest.raises(WorldFileError, match=message):
        read(tmp_path / "world.toml")
