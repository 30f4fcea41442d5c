"""Which slots of the week come next: as they mostly did of late."""

from online_models.following import Following


def test_one_holiday_changes_nothing() -> None:
    """A Monday left out once is expected again; left out for good, it no longer is."""
    following = Following(slots_per_week=7)
    for slot in [0, 1, 2, 3, 4, 5, 6] * 3 + [1, 2, 3, 4, 5, 6]:
        following.learn(slot)
    assert following.ahead(2) == (0, 1)
    for slot in [1, 2, 3, 4, 5, 6] * 4:
        following.learn(slot)
    assert following.ahead(2) == (1, 2)


def test_what_is_kept_comes_back() -> None:
    """A restored one expects the same."""
    following, other = Following(7), Following(7)
    for slot in [0, 1, 3, 4, 6] * 5:
        following.learn(slot)
    other.restore(following.state())
    assert other.ahead(14) == following.ahead(14)
    assert other.state() == following.state()
