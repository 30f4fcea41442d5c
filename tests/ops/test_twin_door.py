"""Decisions enter the twin once, in their own period, whatever the gateway repeats."""

import threading

from ops.twin_door import Door
from streams.events import ActionLine, Allocation, Cut

DAY_S = 86_400.0


def line(period: int, units: float = 5.0) -> ActionLine:
    """Return an order of one mug line in a period."""
    return ActionLine(
        action_id=f"gifts/mug/{period}", resource_id="mug", order_units=units, proposed_units=units,
        reason_code="policy", explanation="", arrives_at_s=(period + 2) * DAY_S,
    )  # fmt: skip


def allocation(period: int, *lines: ActionLine) -> Allocation:
    """Return the decision of one period."""
    return Allocation(
        tick_id=f"gifts/{period}", pool_id="gifts", period_start_s=period * DAY_S, decided_at_s=period * DAY_S,
        valid_until_s=(period + 0.5) * DAY_S, policy="base-stock", policy_version="1", forecast_model="m",
        forecast_as_of_s=None, decided_by="policy", cut=Cut(topic="t", partition=0, epoch=0, next_offset=1),
        lines=lines,
    )  # fmt: skip


def test_what_is_accepted_in_its_period_is_carried_out() -> None:
    """The lines that the gateway let through, and the allocation that they belong to."""
    door = Door()
    door.open("gifts", DAY_S)
    decided = allocation(1, line(1))
    (result,) = door.accept(decided, [line(1)])
    assert (result.status, result.applied_units) == ("applied", 5.0)
    assert door.take("gifts") == (decided, [line(1)])


def test_a_repeated_line_acts_once_and_gets_its_first_answer() -> None:
    """Also when its period is over by then, and also with other units."""
    door = Door()
    door.open("gifts", DAY_S)
    first = door.accept(allocation(1, line(1)), [line(1)])
    assert door.accept(allocation(1, line(1)), [line(1, units=9.0)]) == first
    assert door.take("gifts")[1] == [line(1)]
    door.open("gifts", 2 * DAY_S)
    assert door.accept(allocation(1, line(1)), [line(1)]) == first
    assert door.take("gifts") == (None, [])


def test_a_line_of_another_period_is_refused() -> None:
    """That truck has left, or does not stand there yet."""
    door = Door()
    for period in (1, 3):
        door.open("gifts", 2 * DAY_S)
        (result,) = door.accept(allocation(period, line(period)), [line(period)])
        assert (result.status, result.applied_units) == ("rejected", 0.0)
        assert door.take("gifts") == (None, [])


def test_a_pool_that_is_not_simulated_here_is_refused() -> None:
    """The gateway reads every pool's actions; only the twin's own can be carried out."""
    (result,) = Door().accept(allocation(1, line(1)), [line(1)])
    assert result.status == "rejected"


def test_a_decision_to_order_nothing_is_a_decision() -> None:
    """The gateway hands over every allocation, so that the twin need not wait for what will not come."""
    door = Door()
    door.open("gifts", DAY_S)
    door.accept(allocation(1), [])
    door.wait(["gifts"], wait_s=60.0, worth_it=lambda: True)
    assert door.take("gifts") == (allocation(1), [])


def test_a_wait_ends_when_the_last_pool_was_told() -> None:
    """Told from another thread, as by the gateway's."""
    door = Door()
    door.open("gifts", DAY_S)
    telling = threading.Thread(target=door.accept, args=(allocation(1, line(1)), [line(1)]))
    telling.start()
    door.wait(["gifts"], wait_s=60.0, worth_it=lambda: True)
    telling.join()
    assert door.take("gifts")[0] is not None


def test_a_wait_ends_when_it_is_not_worth_it_or_time_is_up() -> None:
    """Nothing came: the pool is taken without a decision."""
    door = Door()
    door.open("gifts", DAY_S)
    door.wait(["gifts"], wait_s=60.0, worth_it=lambda: False)
    door.wait(["gifts"], wait_s=0.0, worth_it=lambda: True)
    assert door.take("gifts") == (None, [])
