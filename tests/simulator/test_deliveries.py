"""Orders take the time chance gave them, overtake only where they may, and the buyer sees promises, not the truth."""

import numpy as np
import pytest

from simulator.inventory.deliveries import AS_PROMISED, Deliveries
from simulator.inventory.patterns import Pattern
from simulator.inventory.terms import Terms
from simulator.inventory.world import Setting, Worlds, draw

PROMISED = np.full((3, 4), 3)


def test_kept_promises_draw_nothing():
    """The default world is as if there were no deliveries at all, and the generator is untouched."""
    rng = np.random.default_rng(1)
    drawn = AS_PROMISED.draw(rng, PROMISED, 10)

    assert (drawn.lead_time_periods == 3).all()
    assert (drawn.arrived_ratio == 1).all()
    assert rng.bit_generator.state == np.random.default_rng(1).bit_generator.state


def test_lead_times_and_losses_come_as_often_as_asked():
    """A third of orders are one or two late, a tenth never come."""
    drawn = Deliveries(late_ratio=1 / 3, delay_periods=(1, 2), lost_ratio=0.1).draw(
        np.random.default_rng(2), PROMISED, 2000
    )
    late = drawn.lead_time_periods - 3

    assert [(late == k).mean() for k in (0, 1, 2)] == pytest.approx([2 / 3, 1 / 6, 1 / 6], abs=0.01)
    assert (drawn.arrived_ratio == 0).mean() == pytest.approx(0.1, abs=0.01)


@pytest.mark.parametrize("crossing", [False, True])
def test_orders_overtake_only_where_they_may(*, crossing: bool):
    """Without crossing the moments of arrival never go back."""
    late = Deliveries(late_ratio=0.5, delay_periods=(-2, 4), crossing=crossing)
    lead = late.draw(np.random.default_rng(3), PROMISED, 200).lead_time_periods
    moments = lead + np.arange(200)

    assert lead.min() >= 0
    assert (np.diff(moments, axis=-1) < 0).any() == crossing


def one_item(deliveries: Deliveries, periods: int = 12) -> Worlds:
    """Return a world of one item that nobody asks for: stock is what has come."""
    setting = Setting(
        items=1,
        periods=periods,
        history_periods=14,
        demand=Pattern(mean_units=1e-9),
        trade=Terms(lead_time_periods=2),
        deliveries=deliveries,
    )
    return Worlds(draw(np.random.default_rng(4), setting))


def seen(worlds: Worlds) -> tuple[list[float], float]:
    """Return pipeline and stock on hand as a policy sees them."""
    observation = worlds.observation()
    return observation.pipeline_units[0].tolist(), float(observation.on_hand_units[0])


def test_an_overdue_order_is_expected_with_the_next_receipts_until_it_comes():
    """Promised in 2, it takes 4: seen in column 1, 0, 0, 0, then on hand; nobody knows beforehand."""
    worlds = one_item(Deliveries(late_ratio=1.0, delay_periods=(2, 2)))
    worlds.step(np.array([[7.0]]))
    said = [seen(worlds)]
    for _ in range(3):
        worlds.step(np.zeros((1, 1)))
        said.append(seen(worlds))

    assert [sum(pipeline) for pipeline, _ in said] == [7, 7, 7, 0]
    assert [pipeline[0] for pipeline, _ in said] == [7, 7, 7, 0]
    assert [on_hand for _, on_hand in said] == [0, 0, 0, 7]


def test_a_lost_order_is_written_off_when_patience_ends():
    """It is expected like any other until three periods after its date, and never comes."""
    worlds = one_item(Deliveries(lost_ratio=1.0, patience_periods=3))
    worlds.step(np.array([[7.0]]))
    totals = []
    for _ in range(7):
        totals.append(sum(seen(worlds)[0]))
        outcome = worlds.step(np.zeros((1, 1)))
        assert outcome.received_units.sum() == 0

    assert totals == [7, 7, 7, 7, 7, 0, 0]


def test_what_is_seen_and_what_is_true_agree_in_the_end():
    """Over a random season all that was ordered and not lost has come, or is still on its way, in both books."""
    setting = Setting(
        worlds=5,
        items=3,
        periods=40,
        history_periods=28,
        demand=Pattern(mean_units=6.0),
        trade=Terms(lead_time_periods=(0, 4)),
        deliveries=Deliveries(late_ratio=0.4, delay_periods=(-1, 3), lost_ratio=0.0, patience_periods=9),
    )
    worlds = Worlds(draw(np.random.default_rng(5), setting))
    rng = np.random.default_rng(6)
    while not worlds.done:
        worlds.step(rng.integers(0, 9, (5, 3)).astype(float))
        np.testing.assert_array_equal(worlds.seen.pipeline.sum(axis=-1), worlds.stock.pipeline.sum(axis=-1))
