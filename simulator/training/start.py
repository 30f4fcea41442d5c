"""What every learner begins with."""

from collections.abc import Sequence
from dataclasses import dataclass

from policies.inventory.capped_base_stock import CappedBaseStock
from policies.registry import InventoryPolicy
from simulator.inventory.world import Setting
from simulator.training.course import Course, Pace


@dataclass(frozen=True, slots=True)
class Start:
    """A course, where to learn, and the rules that learning departs from; all rules are tuned."""

    course: Course
    pace: Pace
    kinds: Sequence[Setting]  # of worlds, in turn
    rule: CappedBaseStock  # what an adjustment is added to
    best: InventoryPolicy  # the rule of lowest cost, which one that chooses begins as a copy of

    def kind(self, season: int) -> Setting:
        """Return what worlds a season is played in."""
        return self.kinds[season % len(self.kinds)]
