"""The gateway's own limits, each on one allocation."""

from typing import Any

import pytest

from ops.screening import Screened, screen
from streams.catalog import PoolSpec
from tests.ops.allocations import SPEC, allocation


def verdicts(units: dict[str, float], **changes: Any) -> list[Screened]:
    """Screen with the shop's limits, unless told otherwise."""
    given: dict[str, Any] = {"spec": SPEC, "own_limits": {}, "killed": None, "now_s": 0.0}
    return list(screen(allocation(**units), **(given | changes)))


@pytest.mark.parametrize(
    ("units", "changes", "status", "passed", "words"),
    [
        ({"a": 50.0}, {}, None, 50.0, ""),
        ({"a": 0.0}, {}, "applied", 0.0, "nothing to order"),
        ({"a": 101.0}, {}, None, 100.0, "order_units_max"),
        ({"a": 50.0}, {"own_limits": {"shop/a": 20.0}}, None, 20.0, "own limit"),
        ({"a": 50.0}, {"own_limits": {"shop": 0.0}}, "rejected", 0.0, "own limit"),
        ({"a": -1.0}, {}, "rejected", 0.0, "not a number of units"),
        ({"a": float("nan")}, {}, "rejected", 0.0, "not a number of units"),
        ({"a": float("inf")}, {}, "rejected", 0.0, "not a number of units"),
        ({"c": 1.0}, {}, "rejected", 0.0, "not in pool shop"),
        ({"a": 1.0}, {"spec": None}, "rejected", 0.0, "limits are unknown"),
        ({"a": 1.0}, {"now_s": 1000.5}, "expired", 0.0, "expired at"),
        ({"a": 1.0}, {"now_s": float("nan")}, "expired", 0.0, "expired at"),
        ({"a": 1.0}, {"killed": "stop"}, "rejected", 0.0, "kill switch: stop"),
        ({"a": 1.0}, {"killed": "stop", "now_s": 2000.0, "spec": None}, "rejected", 0.0, "kill switch: stop"),
        ({"b": 100.0}, {"spec": None, "now_s": 2000.0}, "expired", 0.0, "expired at"),
    ],
)
def test_each_rule(
    units: dict[str, float], changes: dict[str, Any], status: str | None, passed: float, words: str
) -> None:
    """One line at a time."""
    (verdict,) = verdicts(units, **changes)

    assert (verdict.status, verdict.units) == (status, passed)
    assert words in verdict.reason
    assert bool(words) == bool(verdict.reason)


def test_lines_together_keep_capacity_and_budget() -> None:
    """The first lines pass; what is left of the limits binds the next."""
    a, b = verdicts({"a": 100.0, "b": 100.0})

    assert (a.status, a.units) == (None, 100.0)
    assert (b.status, b.units) == (None, 50.0)  # capacity 150, budget (500 - 100) / 4 = 100

    a, b = verdicts(
        {"a": 100.0, "b": 100.0}, spec=PoolSpec(**{**_fields(SPEC), "budget": 300.0, "capacity_units": 1e9})
    )
    assert (b.status, b.units) == (None, 50.0)
    assert "budget" in b.reason


def _fields(spec: PoolSpec) -> dict[str, Any]:
    return {name: getattr(spec, name) for name in spec.__struct_fields__}
