"""What is decided with a challenger beside the champion, and where a learned policy was not trained."""

import pytest

from policies.aliases import Aliases
from policies.inventory.base_stock import BaseStock
from policies.observation import Observation
from streams.events import Allocation, decode_output, encode
from streams.lineup import Lineup
from tests.streams.decisions import Asks, Breaks, decided, forecast, hold, series, view_of


class Challenger(Asks):
    """Another one that asks for what it was told."""

    name = "challenger"
    version = "8"


class Wary(Asks):
    """A policy that is sure of nothing but its first item."""

    rule = BaseStock(2.0)

    def unsure(self, observation: Observation) -> tuple[str, ...]:
        """See `policies.base.Unsure`."""
        return tuple("" if row == 0 else "lead_time 9 is above 7" for row in range(len(observation.resource_ids)))


def lineup(challenger: Asks | Breaks, ratio: float = 0.0) -> Lineup:
    """Return a champion who asks for 24 and 5, and his challenger."""
    aliases = Aliases(champion="old", challenger="new", canary_ratio=ratio, revision=4)
    return Lineup(Asks(24.0, 5.0), "champion", challenger, aliases=aliases)


def canary_of() -> tuple[float, str]:
    """Return a share that makes exactly one of the shop's products the canary's, and which."""
    for percent in range(1, 100):
        known = lineup(Challenger(1.0, 2.0), percent / 100)
        items = [item for item in ("mug", "cup") if known.is_canary("shop", item)]
        if len(items) == 1:
            return percent / 100, items[0]
    raise AssertionError("two items with one hash")


def test_a_shadow_decides_nothing_and_is_recorded_beside() -> None:
    """What it would have ordered went through the same guard; the orders are the champion's."""
    allocation = decided(view_of(), lineup(Challenger(30.4, 0.0)))

    assert [(one.order_units, one.shadow_units, one.role) for one in allocation.lines] == [
        (24.0, 30.0, "champion"),
        (5.0, 0.0, "champion"),
    ]
    assert (allocation.role, allocation.aliases_revision, allocation.challenger) == ("champion", 4, "challenger 8")
    assert allocation.challenger_failed == ""


def test_a_canarys_items_are_the_challengers() -> None:
    """Its line says who decided it, and what the champion would have; the others stay the champion's."""
    ratio, item = canary_of()

    lines = {one.resource_id: one for one in decided(view_of(), lineup(Challenger(30.0, 9.0), ratio)).lines}
    other = ({"mug", "cup"} - {item}).pop()
    ours, theirs = {"mug": 24.0, "cup": 5.0}, {"mug": 30.0, "cup": 9.0}

    canary = lines[item]
    assert (canary.role, canary.policy, canary.policy_version) == ("canary", "challenger", "8")
    assert (canary.order_units, canary.shadow_units) == (theirs[item], ours[item])
    assert (lines[other].role, lines[other].policy) == ("champion", "")
    assert (lines[other].order_units, lines[other].shadow_units) == (ours[other], theirs[other])


@pytest.mark.parametrize("challenger", [Breaks(), Challenger(1.0)])
def test_a_challenger_that_fails_takes_nothing_with_it(challenger: Asks | Breaks) -> None:
    """The champion decides all, the canary's items too, and the allocation says why."""
    allocation = decided(view_of(), lineup(challenger, 0.99))

    assert [one.order_units for one in allocation.lines] == [24.0, 5.0]
    assert {one.role for one in allocation.lines} == {"champion"}
    assert {one.shadow_units for one in allocation.lines} == {None}
    assert allocation.decided_by == "policy"
    assert allocation.challenger_failed.startswith("the challenger failed (")


def test_a_champion_that_fails_leaves_the_baseline() -> None:
    """All lines, whatever the challenger would say."""
    aliases = Aliases(champion="old", challenger="new", canary_ratio=0.99)
    allocation = decided(view_of(), Lineup(Breaks(), "champion", Challenger(30.0, 9.0), aliases=aliases))

    assert (allocation.decided_by, allocation.role) == ("baseline", "baseline")
    assert {(one.reason_code, one.role) for one in allocation.lines} == {("policy-error", "baseline")}


def test_what_is_out_of_range_is_decided_by_the_rule() -> None:
    """Item by item, with the reason in words; the rest is the policy's."""
    mug, cup = decided(view_of(), Wary(24.0, 5.0)).lines

    assert (mug.order_units, mug.reason_code, mug.role) == (24.0, "policy", "catalog")
    assert (cup.reason_code, cup.role, cup.policy, cup.policy_version) == (
        "out-of-range", "rule", "base-stock", "factor=2",
    )  # fmt: skip
    assert cup.order_units > 5.0
    assert cup.explanation.startswith(f"order {cup.order_units:.0f} by the rule: lead_time 9 is above 7; 30 expected")


def test_a_rule_of_the_guard_is_told_beside_the_range() -> None:
    """The code is the guard's, the words are both."""
    cup = decided(view_of(), Wary(24.0, 5.0), hold("cup")).lines[1]

    assert (cup.order_units, cup.reason_code, cup.role) == (0.0, "hold", "rule")
    assert "no order by the rule (it asked" in cup.explanation
    assert "lead_time 9 is above 7; held until 2 July: stocktaking" in cup.explanation


def test_stale_forecasts_have_no_shadow() -> None:
    """The baseline decides from recent demand, which no alias has seen."""
    stale = view_of(series("mug", forecast=forecast(expires_at_s=0.0)), series("cup"))
    allocation = decided(stale, lineup(Challenger(30.0, 9.0)))

    assert {(one.role, one.shadow_units) for one in allocation.lines} == {("baseline", None)}


def test_an_allocation_of_an_older_headgate_is_read() -> None:
    """Its fields of today stand at what they mean: nothing is known."""
    written = encode(decided(view_of(), lineup(Challenger(30.0, 9.0))))
    for name in (b'"role":"champion",', b'"aliases_revision":4,', b'"challenger":"challenger 8",'):
        assert name in written
        written = written.replace(name, b"")
    old = decode_output(written)

    assert isinstance(old, Allocation)
    assert (old.role, old.aliases_revision, old.challenger, old.lines[0].role) == ("", None, "", "")


def test_the_same_tick_is_the_same_allocation() -> None:
    """With canary and shadow too: any worker, any time."""
    known = lineup(Challenger(30.0, 9.0), 0.5)

    assert decided(view_of(), known) == decided(view_of(), known)
