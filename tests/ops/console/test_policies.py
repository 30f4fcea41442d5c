"""Who decided a line, and what stood beside, on the page, in what needs a person, and in the metrics."""

import msgspec

from ops.console.attention import attention
from ops.console.exposition import exposition
from ops.console.rows import action_row
from ops.console.state import Picture
from policies.aliases import Aliases
from streams.events import Allocation
from streams.health_events import WorkerHealth
from streams.lineup import Lineup
from tests.streams.decisions import SPEC, Asks, Breaks, decided, view_of


def shown(allocation: Allocation) -> Picture:
    """Return the picture of one decision."""
    picture = Picture()
    picture.fold(SPEC, 0.0)
    picture.fold(allocation, 1.0)
    return picture


def lineup(challenger: Asks | Breaks, ratio: float) -> Lineup:
    """Return a champion with a challenger."""
    aliases = Aliases(champion="old", challenger="new", canary_ratio=ratio)
    return Lineup(Asks(24.0, 5.0), "champion", challenger, aliases=aliases)


def rows_of(picture: Picture) -> list[dict[str, object]]:
    """Return what the page says of each line."""
    return [action_row(one, picture.pools["shop"]) for one in picture.actions]


def test_a_line_says_who_decided_it_and_what_stood_beside() -> None:
    """The canary's line names the challenger, with the champion beside; a shadow the other way round."""
    other = Asks(30.0, 9.0)
    other.name = "other"
    for ratio, role, policy, beside in (
        (0.0, "champion", "asks 7", "other 7"),
        (0.999999, "canary", "other 7", "asks 7"),
    ):
        row = rows_of(shown(decided(view_of(), lineup(other, ratio))))[0]

        assert (row["role"], row["policy"], row["beside"]) == (role, policy, beside)
        assert {row["order"], row["shadow"]} == {24.0, 30.0}


def test_a_silent_challenger_needs_a_person() -> None:
    """It says what became of its items."""
    told = [
        one for one in attention(shown(decided(view_of(), lineup(Breaks(), 0.5))), 10.0) if one["kind"] == "challenger"
    ]

    assert [one["text"] for one in told] == ["The champion decides all: the challenger failed (ZeroDivisionError)"]


def test_items_out_of_range_are_counted() -> None:
    """A note for each pool."""
    allocation = decided(view_of(), Asks(24.0, 5.0))
    lines = tuple(msgspec.structs.replace(one, role="rule", policy="base-stock") for one in allocation.lines)
    picture = shown(msgspec.structs.replace(allocation, lines=lines))

    told = [one["text"] for one in attention(picture, 10.0) if one["kind"] == "range"]
    assert told == ["2 recent orders were set by the rule: outside what the policy was trained on"]
    assert {row["decided_by"] for row in rows_of(picture)} == {"rule"}


def test_parts_and_shadows_are_metrics() -> None:
    """From what the workers count."""
    picture = Picture()
    counters = {"lines:champion": 9, "lines:canary": 1, "units:decided": 70, "units:shadow": 64}
    picture.put_workers(
        [
            WorkerHealth(
                worker_id="w0", at_s=1.0, events_per_s=0.0, rss_bytes=1, partitions=(), counters=counters,
                decision_p50_s=None, decision_p99_s=None,
            )
        ]
    )  # fmt: skip

    text = exposition(picture).decode()
    assert 'headgate_lines_total{role="canary",worker="w0"} 1.0' in text
    assert 'headgate_shadowed_units_total{who="shadow",worker="w0"} 64.0' in text
