"""Every registered family keeps every promise of the contract."""

import functools

import pytest

from online_models import checks, registry


@pytest.mark.parametrize("check", checks.CHECKS)
@pytest.mark.parametrize("name", registry.FORECASTERS)
def test_registered_forecasters_keep_the_contract(name: str, check: str) -> None:
    """The check's own docstring says what is promised."""
    make = functools.partial(
        registry.create,
        name,
        slots_per_week=checks.SLOTS_PER_WEEK,
        horizon_periods=checks.HORIZON_PERIODS,
        lead_periods=checks.LEAD_PERIODS,
    )

    checks.CHECKS[check](make, functools.partial(registry.restore, name))


def test_there_are_checks() -> None:
    """The suite is not empty, and each check says what it promises."""
    assert len(checks.CHECKS) >= 12
    assert all(check.__doc__ for check in checks.CHECKS.values())
