"""The run clock: log-append time in, the event time that the run calls "now" out.

Live runs have `speed_up` 1 and equal origins. A replay maps wall time to the recorded past. The twin holds
`speed_up` at 0 and moves `event_origin_s` itself, so that its run repeats identically on any machine.
"""

import msgspec

TIME_S_MAX = 7_258_118_400.0  # 2200-01-01: what lies beyond is a broken clock, and soon beyond any calendar


class RunClock(msgspec.Struct, frozen=True):
    """How wall time maps to event time.

    >>> RunClock(event_origin_s=1000.0, wall_origin_s=500.0, speed_up=60.0).now_s(wall_s=501.0)
    1060.0
    """

    event_origin_s: float = 0.0
    wall_origin_s: float = 0.0
    speed_up: float = 1.0

    def now_s(self, wall_s: float) -> float:
        """Return the run's event time at wall time `wall_s`, both in Unix seconds: never outside 1970 to 2200."""
        return min(max(0.0, self.event_origin_s + (wall_s - self.wall_origin_s) * self.speed_up), TIME_S_MAX)


LIVE = RunClock()
