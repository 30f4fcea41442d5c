"""The stream path under simulated faults: nothing lost, nothing doubled, and the same run again from the same seed."""

import pytest

from tests.simulation.simulation import run


@pytest.mark.parametrize("seed", range(6))
def test_nothing_is_lost_or_doubled(seed: int) -> None:
    """Every effect once, views as folded, every tick decided once: see docs/simulation.md."""
    assert run(seed).violations == ()


def test_a_seed_is_the_same_run_every_time() -> None:
    """A failure can be looked at as often as it takes."""
    first, second = run(3, tracing=True), run(3, tracing=True)

    assert first == second
    assert len(first.trace) > 100
