"""A table and its TOML file in, scores out: known answers, no look ahead, and errors that name file and line."""

from datetime import date
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pytest
from playwright.sync_api import sync_playwright
from pyarrow import parquet

from online_models.base import QUANTILE_LEVELS
from ops.backtest import configuration, kept, methods, protocol, table
from ops.cli import main
from streams.errors import ConfigurationError
from tests.ops.backtest.tables import TOML, lines, sold, written
from tests.ops.test_console_browser import ARGUMENTS, CHROMIUM


def spans_of(path: Path) -> list[slice]:
    """Return what is scored of each pool."""
    settings = configuration.load(configuration.beside(path))
    return [table.reported(pool, settings) for pool in table.read(path, settings)]


def test_a_week_that_repeats_is_forecast_without_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every value of the reported days is scored, at each number of days ahead and for the sum."""
    path, out = written(tmp_path, lines()), tmp_path / "out.json"

    assert main(["backtest", str(path), "--methods", "seasonal-naive,mixture", "--json", str(out)]) == 0

    rows = {(row["method"], row["ahead"]): row for row in msgspec.json.decode(out.read_bytes())}
    assert list(rows) == [(m, a) for a in ("+1", "+7", "sum of 3") for m in ("seasonal-naive", "mixture")]
    assert [rows["seasonal-naive", ahead]["count"] for ahead in ("+1", "+7", "sum of 3")] == [140, 140, 136]
    assert rows["seasonal-naive", "+7"]["mae"] == pytest.approx(0.0, abs=1e-6)
    assert abs(rows["seasonal-naive", "+1"]["bias"]) < 1e-6
    assert rows["mixture", "+1"]["mae"] < 2.0
    assert rows["mixture", "+1"]["coverage"] is not None
    shown = capsys.readouterr().out.splitlines()
    assert sum(line.split()[:2] == ["seasonal-naive", "140"] for line in shown) == 2


@pytest.mark.parametrize("method", ["autoets", "lightgbm", "mixture", "river-linear", "seasonal-naive"])
def test_nothing_is_expected_or_scored_on_closed_days(method: str, tmp_path: Path) -> None:
    """Sums of three days with a closed one among them are those of two open ones, to peers as to ours."""
    closed = '"thursday"'
    rows = [row for row in lines() if row == "day,item,units" or date.fromisoformat(row[:10]).weekday() != 3]
    path = written(tmp_path, rows, TOML.replace('missing = "missing"', f'missing = "missing"\nclosed = [{closed}]'))
    settings = configuration.load(configuration.beside(path))
    (pool,) = table.read(path, settings)
    assert np.isnan(pool.values[pool.closed]).all()
    said = methods.asks(method, trials=0)(pool, settings, lambda _count: None, kept.Forgetful(), method)
    span = table.reported(pool, settings)
    came = protocol.lead_sums(pool.demand, 3)[span][:-3]
    middle = said.lead_quantiles[span][:-3][..., QUANTILE_LEVELS.index(0.5)]
    assert not np.isnan(came).any()
    assert np.abs(middle - came).mean() < 0.1 * came.mean()
    if method != "lightgbm":  # what it says of a closed day is scored by nobody
        assert not np.nanmax(said.quantiles[1][pool.closed])


def test_a_sale_on_a_declared_closed_day_ends_with_its_line(tmp_path: Path) -> None:
    """The declaration or the table is wrong, and only who wrote them can know which."""
    path = written(tmp_path, lines(), TOML.replace('missing = "missing"', 'missing = "zero"\nclosed = ["2024-01-02"]'))
    with pytest.raises(ConfigurationError, match=r"sales.csv:4: 2024-01-02 is declared closed, and series 'i1' has 13"):
        table.read(path, configuration.load(configuration.beside(path)))


@pytest.mark.parametrize("method", ["autoets", "lightgbm", "mixture", "river-linear", "seasonal-naive"])
def test_what_comes_later_changes_nothing_that_was_said(method: str, tmp_path: Path) -> None:
    """All rows from a day on are other ones: what was said of it the day before is the same to the last bit."""
    found, split = [], 80
    for later in (lambda value: value, lambda value: 5 * value + 40):
        rows = lines()
        rows[1 + 2 * split :] = [
            f"{day},{item},{later(int(units))}"
            for day, item, units in (row.split(",") for row in rows[1 + 2 * split :])
        ]
        path = written(tmp_path, rows)
        settings = configuration.load(configuration.beside(path))
        (pool,) = table.read(path, settings)
        settings = msgspec.structs.replace(settings, report_from=date(2024, 3, 15))
        ask = methods.asks(method, trials=0)
        found.append(ask(pool, settings, lambda _count: None, kept.Forgetful(), method))
    before, after = found
    assert not np.isnan(before.quantiles[7][split, :, QUANTILE_LEVELS.index(0.9)]).any()

    assert np.array_equal(before.mean[1][: split + 1], after.mean[1][: split + 1], equal_nan=True)
    assert np.array_equal(before.quantiles[7][: split + 7], after.quantiles[7][: split + 7], equal_nan=True)
    assert np.array_equal(before.lead_quantiles[: split + 1], after.lead_quantiles[: split + 1], equal_nan=True)
    assert not np.array_equal(before.mean[1], after.mean[1], equal_nan=True)


def test_parquet_in_any_order_is_the_same_table(tmp_path: Path) -> None:
    """A day without rows is missing or zero, as the configuration says; an empty cell is missing."""
    rows = lines(20)
    del rows[11]
    path = written(tmp_path, rows)
    settings = configuration.load(configuration.beside(path))
    (plain,) = table.read(path, settings)
    cells = [row.split(",") for row in reversed(rows[1:])]
    columns = {
        "day": [np.datetime64(day).astype("datetime64[s]").item() for day, *_ in cells],
        "item": [item for _, item, _ in cells],
        "units": [float(units) for *_, units in cells],
    }
    parquet.write_table(pa.table(columns), tmp_path / "sales.parquet")
    (other,) = table.read(tmp_path / "sales.parquet", settings)

    assert np.array_equal(plain.values, other.values, equal_nan=True)
    assert plain.series == other.series == ("i1", "i2")
    assert [slot.of_week for slot in plain.slots[:8]] == [0, 1, 2, 3, 4, 5, 6, 0]
    assert np.isnan(plain.values[5, 0])
    assert plain.values[5, 1] == sold(2, 5)
    (zero,) = table.read(path, msgspec.structs.replace(settings, missing="zero"))
    assert zero.values[5, 0] == 0.0


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("2024-01-03,i1,many", r"sales\.csv:6: column 'units': .* is no number"),
        ("2024-01-03,i1,inf", r"sales\.csv:6: column 'units': inf is not finite"),
        ("2024-01-03,i1,-4", r"sales\.csv:6: column 'units': -4\.0 is below 0"),
        ("2024-01-33,i1,4", r"sales\.csv:6: column 'day': '2024-01-33' is no time"),
        ("2024-01-02,i1,4", r"sales\.csv:6: column 'day': 2024-01-02 is there twice of one series, first on line 4"),
        ("2024-01-03,,4", r"sales\.csv:6: column 'item' is empty"),
        ("2024-01-03,i1", r"sales\.csv:6: 2 cells, the header has 3"),
        (
            '2024-01-03,"i1,4\n2024-01-03,i2,4',
            r"sales\.csv:7: 2 cells, .* begins on line 6: a quote may be left open",
        ),
    ],
)
def test_a_bad_row_is_named(row: str, message: str, tmp_path: Path) -> None:
    """With file, line and column."""
    path = written(tmp_path, [*lines(2), row])

    with pytest.raises(ConfigurationError, match=message):
        spans_of(path)


def test_a_header_that_names_a_column_twice_is_refused(tmp_path: Path) -> None:
    """Either could be meant."""
    path = written(tmp_path, ["day,item,units,units", "2024-01-01,i1,4,5"])

    with pytest.raises(ConfigurationError, match=r"sales\.csv:1: column 'units' is there twice"):
        spans_of(path)


def test_another_encoding_is_named_by_line_and_read_when_it_is_said(tmp_path: Path) -> None:
    """The line is the first that cannot be read, not one of the decoder's buffer."""
    path = written(tmp_path, lines())
    rows = lines()
    rows[7] = rows[7].replace("i1", "Brötchen")
    path.write_bytes("\n".join(rows).encode("latin-1"))

    with pytest.raises(ConfigurationError, match=r"sales\.csv:8: is not utf-8 .* name its encoding"):
        spans_of(path)
    (tmp_path / "sales.toml").write_text('encoding = "latin-1"\n' + TOML)
    settings = configuration.load(configuration.beside(path))
    assert "Brötchen" in table.read(path, settings)[0].series
    (tmp_path / "sales.toml").write_text('encoding = "latin-0"\n' + TOML)
    with pytest.raises(ConfigurationError, match="latin-0"):
        spans_of(path)


def test_covariates_of_several_rows_are_their_mean(tmp_path: Path) -> None:
    """As the live fold takes it; an empty cell says nothing."""
    rows = [f"{row},{price}" for row, price in zip(lines(2), ("price", 2, 3, "", 5), strict=True)]
    path = written(tmp_path, rows, TOML + 'covariates = ["price"]\n')
    settings = configuration.load(configuration.beside(path))

    assert table.read(path, settings)[0].covariates == ((("price", 2.5),), (("price", 5.0),))


@pytest.mark.parametrize(
    ("words", "other", "message"),
    [
        ('value = "units"', 'value = "sold"', r"sales\.csv:1: there is no column 'sold'; there are: day, item, units"),
        ('"Europe/London"', '"Atlantis"', r"sales\.toml: timezone is no IANA timezone"),
        ("horizons = [1, 7]", "horizons = [0]", r"(?s)sales\.toml: .*horizons.*for example"),
        ("2024-02-26", "2034-02-26", r"report_from 2034-02-26 leaves 126 periods before it and 0 to score"),
    ],
)
def test_a_bad_configuration_is_named(words: str, other: str, message: str, tmp_path: Path) -> None:
    """What it says and the table has not, and what can be no configuration at all."""
    path = written(tmp_path, lines(), TOML.replace(words, other))

    with pytest.raises(ConfigurationError, match=message):
        spans_of(path)


def test_a_time_that_is_far_off_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The grid up to it would not fit into memory."""
    monkeypatch.setattr(table, "PERIODS_MAX", 100)
    path = written(tmp_path, [*lines(2), "2924-01-03,i1,4"])

    with pytest.raises(ConfigurationError, match=r"from 2024-01-01 to 2924-01-03 there are more than 100 periods"):
        spans_of(path)


def test_a_configuration_that_is_not_there_is_shown_by_example(tmp_path: Path) -> None:
    """The example itself is one."""
    (tmp_path / "example.toml").write_text(configuration.EXAMPLE)

    assert configuration.load(tmp_path / "example.toml").lead_periods == 7
    with pytest.raises(ConfigurationError, match=r"(?s)none\.toml: no such file.*\[columns\]"):
        configuration.load(tmp_path / "none.toml")


def test_a_run_that_was_interrupted_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was asked before is not asked again, the figures are the same, and other data are refused."""
    path, folder = written(tmp_path, lines()), tmp_path / "kept"
    words = ["backtest", str(path), "--methods", "seasonal-naive,river-linear"]
    assert main([*words, "--json", str(tmp_path / "whole.json")]) == 0
    assert main([*words[:-1], "seasonal-naive", "--out", str(folder)]) == 0  # as far as it came

    asked: list[str] = []
    real = protocol.ask
    monkeypatch.setattr(protocol, "ask", lambda name, *rest: (asked.append(name), real(name, *rest))[1])
    assert main([*words, "--out", str(folder), "--json", str(tmp_path / "parts.json")]) == 0
    assert asked == ["river-linear"]
    whole, parts = (msgspec.json.decode((tmp_path / name).read_bytes()) for name in ("whole.json", "parts.json"))
    assert [row | {"cost_us": 0} for row in parts] == [row | {"cost_us": 0} for row in whole]

    other = written(tmp_path, lines(120))
    assert main(["backtest", str(other), "--methods", "seasonal-naive", "--out", str(folder)]) != 0
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("mine")
    assert main([*words, "--out", str(tmp_path / "full")]) != 0
    assert (tmp_path / "full" / "letter.txt").read_text() == "mine"


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine; apt-get install chromium")
def test_the_page_shows_what_was_said_and_what_came(tmp_path: Path) -> None:
    """A real browser draws its charts, asks for nothing else, and a phone scrolls tables, not the page."""
    rows = lines()
    del rows[150]  # a hole in the band
    path, page, scores = written(tmp_path, rows), tmp_path / "page.html", tmp_path / "scores.json"
    words = ["backtest", str(path), "--methods", "mixture,seasonal-naive", "--json", str(scores)]
    assert main(words) == 0
    assert main([*words, "--html", str(page), "--compare", str(scores)]) == 0
    asked: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        shown = browser.new_page(viewport={"width": 390, "height": 800})
        shown.on("request", lambda request: asked.append(request.url))
        shown.goto(page.as_uri())
        assert shown.locator("svg").count() == 4  # errors, two series, the week
        assert shown.locator("details[open] circle").count() == 70
        assert shown.locator("details").count() == 2
        assert "seasonal-naive sum of 3" in shown.locator("table").nth(3).inner_text()
        assert shown.evaluate("document.documentElement.scrollWidth") <= 390
    assert asked == [page.as_uri()]


def test_a_comparison_with_something_else_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Before hours are spent."""
    path = written(tmp_path, lines())
    (tmp_path / "old.json").write_text('{"a": 1}')
    assert main(["backtest", str(path), "--compare", str(tmp_path / "old.json")]) != 0
    assert "has to be what --json wrote" in capsys.readouterr().err
