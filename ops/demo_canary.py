"""The console's picture in; the words that let a challenger decide some of the shops' items, and take them back, out.

An operator would type the same: `headgate policy`. The best rule challenges the champion on a tenth of the items for
two weeks of the shops' time; then a step back leaves it a shadow, which decides nothing and is recorded beside.
"""

from ops.console.state import Picture
from policies.trained_files import load_shipped

AFTER_S = 21 * 86_400.0  # event time from the first decision to the canary
STAY_S = 14 * 86_400.0  # event time that it decides its share
SHARE = "0.1"
Words = tuple[str, ...]


def challenger() -> str:
    """Return the best rule where what ships is a network, else the network: the champion's other."""
    manifest = load_shipped().manifest
    return manifest.best_rule if manifest.is_proven else manifest.short_version


class Canary:
    """Remembers how far the demonstration is."""

    def __init__(self) -> None:
        self._first_s: float | None = None  # event time of the first decision that was seen
        self._asked = 0

    def words(self, picture: Picture) -> Words | None:
        """Return what is to be typed now, once each."""
        with picture.lock:
            decided = [one.allocation.period_start_s for one in picture.actions]
        if not decided:
            return None
        if self._first_s is None:
            self._first_s = min(decided)
        lived_s = max(decided) - self._first_s
        if self._asked == 0 and lived_s >= AFTER_S:
            self._asked = 1
            return ("policy", "promote", challenger(), "--canary", SHARE, "--reason", "the demo shows a canary")
        if self._asked == 1 and lived_s >= AFTER_S + STAY_S:
            self._asked = 2
            return ("policy", "rollback", "--reason", "the demo shows a step back")
        return None
