"""The demo's canary: the console's picture in, what an operator would type out, each once; what it types is known."""

import msgspec

from ops.cli import options_of
from ops.console.state import Picture
from ops.demo_canary import AFTER_S, STAY_S, Canary
from policies.registry import RULES
from tests.streams.decisions import START_S, Asks, decided, view_of

DAY_S = 86_400.0


def test_a_canary_comes_and_goes_by_the_shops_time() -> None:
    """Three weeks after the first decision a tenth of the items, two weeks later a step back, nothing more."""
    picture, canary = Picture(), Canary()
    assert canary.words(picture) is None
    typed = {}
    for day in range(60):
        one = decided(view_of(), Asks(24.0, 5.0))
        lines = tuple(msgspec.structs.replace(line, action_id=f"{line.action_id}/{day}") for line in one.lines)
        start_s = START_S + day * DAY_S
        picture.fold(msgspec.structs.replace(one, period_start_s=start_s, lines=lines), float(day))
        words = canary.words(picture)
        if words:
            typed[day] = words

    first, second = sorted(typed)
    assert (first, second) == (AFTER_S / DAY_S, (AFTER_S + STAY_S) / DAY_S)
    promotion, rollback = options_of(list(typed[first])), options_of(list(typed[second]))
    assert (promotion.action, promotion.canary, promotion.to) == ("promote", 0.1, None)
    assert promotion.policy in RULES
    assert rollback.action == "rollback"
