"""The bounded, sorted rows of numbers."""

from hypothesis import given
from hypothesis import strategies as st

from ops.console.track import Track

MOMENTS = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 9)), max_size=120)


@given(MOMENTS)
def test_a_track_keeps_the_newest_of_each_moment_in_order(moments: list[tuple[int, int]]) -> None:
    """Whatever the order of arrival: sorted, no moment twice, the last value wins, never above the limit."""
    track = Track(1, limit=20)
    for at_s, number in moments:
        track.put(float(at_s), float(number))
    rows = track.rows()

    assert len(rows) <= 20
    assert [row[0] for row in rows] == sorted({row[0] for row in rows if row[0] is not None})
    if len({at_s for at_s, _ in moments}) <= 20:  # nothing had to go
        assert {row[0]: row[1] for row in rows} == {float(at_s): float(number) for at_s, number in moments}
