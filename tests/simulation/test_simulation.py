"""The stream path under simulated faults: nothing lost, nothing doubled, and the same run again from the same seed."""

from itertools import count

from tests.simulation.simulation import many, run

FAULTS_LEAST = 10_000


def test_nothing_is_lost_or_doubled() -> None:
    """Every effect once, views as folded, every tick decided once: see docs/simulation.md."""
    faults = 0
    for result in many(count()):
        faults += result.faults.total()
        assert (result.seed, result.violations) == (result.seed, ())
        if faults >= FAULTS_LEAST:
            break


def test_a_seed_is_the_same_run_every_time() -> None:
    """A failure can be looked at as often as it takes."""
    first, second = run(3, tracing=True), run(3, tracing=True)

    assert first == second
    assert len(first.trace) > 100
