"""The simulation finds each bug that is put back on purpose, and nothing in the same run without it."""

import pytest

from tests.simulation.bugs import BUGS
from tests.simulation.product import Product
from tests.simulation.simulation import many, run

SEEDS_MAX = 80  # most bugs show within three


@pytest.mark.parametrize("name", BUGS)
def test_a_bug_put_back_is_found(name: str) -> None:
    """A simulation that finds nothing proves nothing until it has found what is known to be wrong."""
    runs = many(range(SEEDS_MAX), BUGS[name])
    broken = next((result for result in runs if result.violations), None)
    runs.close()

    assert broken is not None
    assert run(broken.seed, Product(chances=BUGS[name].chances)).violations == ()
