"""The fold of commands, allocations, outcomes and specs: each order counts once, from its claim to its arrival."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams import control_view
from streams.catalog import FeedSpec, PoolSpec, ResourceSpec
from streams.control_view import ControlView, Record
from streams.events import ActionLine, Allocation, Command, Cut, Outcome

DAY_S = 86_400.0


def allocated(day: int, units: float = 10.0, *, lead: int = 3, pool_id: str = "shop") -> Allocation:
    """Return the allocation of day `day` for mugs that arrive `lead` days later."""
    line = ActionLine(
        action_id=f"{pool_id}/mug/{day}", resource_id="mug", order_units=units, proposed_units=units,
        reason_code="policy", explanation="", arrives_at_s=(day + lead) * DAY_S,
    )  # fmt: skip
    return Allocation(
        tick_id=f"{pool_id}/{day}", pool_id=pool_id, period_start_s=day * DAY_S, decided_at_s=day * DAY_S,
        valid_until_s=day * DAY_S + 3600.0, policy="p", policy_version="1", forecast_model="m",
        forecast_as_of_s=None, decided_by="policy", lines=(line,),
        cut=Cut(topic="transactions", partition=0, epoch=0, next_offset=1),
    )  # fmt: skip


def reported(day: int, status: str, units: float = 0.0) -> Outcome:
    """Return what became of the mugs of day `day`."""
    return Outcome(
        action_id=f"shop/mug/{day}", tick_id=f"shop/{day}", pool_id="shop", resource_id="mug",
        status=status, applied_units=units, reason="", at_s=day * DAY_S,  # type: ignore[arg-type]
    )  # fmt: skip


def commanded(kind: str, resource_id: str | None, until_s: float = 100.0) -> Command:
    """Return a command on the shop."""
    return Command(
        command_id="c", kind=kind, pool_id="shop", resource_id=resource_id, reason="stocktaking",  # type: ignore[arg-type]
        operator="ann", issued_at_s=0.0, expires_at_s=until_s,
    )  # fmt: skip


def under_way(view: ControlView, day: int, *, now_s: float | None = None) -> dict[str, float]:
    """Return the units under way by action when day `day` is decided."""
    start_s = day * DAY_S
    claims = view.claimed(
        "shop", tick_id=f"shop/{day}", period_start_s=start_s, now_s=start_s if now_s is None else now_s
    )
    return {claim.action_id: claim.units for claim in claims}


def test_an_order_counts_from_its_claim_until_its_arrival() -> None:
    """Reported applied, it counts until its period of arrival begins."""
    view = ControlView()
    view.apply(allocated(0))
    view.apply(reported(0, "applied", 10.0))

    assert [under_way(view, day) for day in (1, 2, 3)] == [{"shop/mug/0": 10.0}, {"shop/mug/0": 10.0}, {}]


def test_an_order_does_not_count_for_its_own_tick() -> None:
    """Deciding twice changes nothing: the first decision is not seen by the second."""
    view = ControlView()
    view.apply(allocated(1))

    assert under_way(view, 1) == {}


@pytest.mark.parametrize("status", ["rejected", "expired"])
def test_an_order_that_came_to_nothing_does_not_count(status: str) -> None:
    """Neither when the outcome comes after the allocation, nor before it, nor when the allocation is sent again."""
    sent: list[Record] = [allocated(0), reported(0, status), allocated(0)]
    for records in itertools.permutations(sent):
        view = ControlView()
        for record in records:
            view.apply(record)

        assert under_way(view, 1) == {}


@st.composite
def told(draw: st.DrawFn) -> list[Record]:
    """Draw what is on the topics of some days, each order's records with repetitions, the topics read side by side."""
    topics: list[list[Record]] = [[], []]
    for day in range(draw(st.integers(1, 4))):
        topics[0].append(allocated(day, float(draw(st.integers(0, 20))), lead=10))
        status = draw(st.sampled_from(["", "applied", "clamped", "rejected", "expired"]))
        if status:
            topics[1].append(reported(day, status, 3.0 if status in ("applied", "clamped") else 0.0))
    topics = [[*topic, *draw(st.lists(st.sampled_from(topic), max_size=4))] if topic else [] for topic in topics]
    turns = draw(st.permutations([number for number, topic in enumerate(topics) for _ in topic]))
    places = [iter(topic) for topic in topics]
    return [next(places[number]) for number in turns]


@given(records=told())
def test_any_interleaving_and_repetition_comes_to_the_same(records: list[Record]) -> None:
    """What is under way is what was allocated and not refused, whichever topic is read first and however often."""
    view = ControlView()
    for record in records:
        view.apply(record)

    outcomes = {record.action_id: record for record in records if isinstance(record, Outcome)}
    expected = {}
    for line in [line for record in records if isinstance(record, Allocation) for line in record.lines]:
        outcome = outcomes.get(line.action_id)
        units = line.order_units if outcome is None else outcome.applied_units
        if line.order_units > 0 and units > 0:
            expected[line.action_id] = units
    assert under_way(view, 5, now_s=0.0) == expected


def test_a_second_decision_of_a_tick_changes_nothing() -> None:
    """The first in the topic is what every reader acts on."""
    view = ControlView()
    view.apply(allocated(0, 10.0))
    view.apply(allocated(0, 99.0))

    assert under_way(view, 1, now_s=0.0) == {"shop/mug/0": 10.0}
    assert [view.decided(f"shop/{day}") for day in (0, 1)] == [True, False]


def test_how_far_back_the_topics_matter() -> None:
    """As long as the slowest order of a controlled pool is under way, and its tick may be decided."""
    view = ControlView()
    assert view.open_since_s(1e9) == 1e9
    for pool_id, controlled, lead in (("quick", True, 1), ("slow", True, 9), ("watched", False, 50)):
        view.apply(
            PoolSpec(
                pool_id=pool_id, controlled=controlled, decision_window_s=3600.0, feeds=(FeedSpec(id="till"),),
                resources=(ResourceSpec(id="mug", lead_time_periods=lead),), horizon_periods=60,
            )
        )  # fmt: skip

    day_start_s = 1e9 // DAY_S * DAY_S
    assert view.open_since_s(day_start_s) == day_start_s - 10 * DAY_S - 3600.0


def test_a_clamped_order_counts_with_what_was_applied() -> None:
    """In either order of the records."""
    sent: list[Record] = [allocated(0), reported(0, "clamped", 4.0)]
    for records in itertools.permutations(sent):
        view = ControlView()
        for record in records:
            view.apply(record)

        assert under_way(view, 1) == {"shop/mug/0": 4.0}


def test_an_order_without_outcome_counts_while_it_is_valid() -> None:
    """Afterwards nothing can let it through any more."""
    view = ControlView()
    view.apply(allocated(0))

    assert under_way(view, 0, now_s=0.0) == {}
    assert [bool(under_way(view, 1, now_s=now_s)) for now_s in (3600.0, 3601.0)] == [True, False]


def test_what_the_ledger_knows_is_left_to_it() -> None:
    """Received early, an order would otherwise count again once it left the ledger's books."""
    view = ControlView()
    view.apply(allocated(0))
    view.apply(reported(0, "applied", 10.0))

    view.ledger_knows(["shop/mug/0", "shop/mug/never-heard-of"])
    view.apply(allocated(0))

    assert under_way(view, 1) == {}


def test_holds_bind_until_they_expire_or_are_released() -> None:
    """A pool's hold binds its resources; releasing the pool releases theirs too."""
    view = ControlView()
    view.apply(commanded("hold", "mug"))
    assert [view.hold("shop", "mug", at) is not None for at in (0.0, 100.0, 100.1)] == [True, True, False]
    assert view.hold("shop", "cup", 0.0) is None

    view.apply(commanded("hold", None, until_s=200.0))
    assert view.hold("shop", "cup", 150.0) is not None
    view.apply(commanded("release", "cup"))
    assert view.hold("shop", "cup", 150.0) is not None
    view.apply(commanded("release", None))
    assert view.hold("shop", "cup", 0.0) is None
    assert view.hold("shop", "mug", 0.0) is None


def test_the_newest_declaration_of_a_pool_counts() -> None:
    """As in the compacted topic."""
    view = ControlView()
    for name in ("old", "new"):
        view.apply(
            PoolSpec(pool_id="shop", name=name, feeds=(FeedSpec(id="till"),), resources=(ResourceSpec(id="mug"),))
        )

    spec = view.spec("shop")

    assert spec is not None
    assert spec.name == "new"
    assert view.spec("other") is None


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Years of ticks leave no more than the stated numbers behind, and what has arrived leaves nothing."""
    for name in ("TICKS_MAX", "CLAIMS_MAX", "OUTCOMES_MAX"):
        monkeypatch.setattr(control_view, name, 50)
    view = ControlView()
    for day in range(200):
        view.apply(allocated(day, lead=1000))
        view.apply(reported(day, "applied", 1.0))

    assert (len(view._ticks), len(view._claims), len(view._outcomes)) == (50, 50, 50)
    assert len(view._claims_of["shop"]) == 50
    for day in range(200):
        view.apply(allocated(day, pool_id="other", lead=1))
    assert len(view._claims_of["other"]) == 1
