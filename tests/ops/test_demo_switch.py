"""The demo's switch of a model: the console's picture in, what an operator would type out, each once.

The motorway's shard folds what is typed: it goes on forecasting every hour while the other model learns.
"""

import msgspec

from online_models.registry import DEFAULT
from ops.console.state import Picture
from ops.demo_switch import FIRST_S, OTHER, POOL, STAY_S, Switching
from ops.model_changes import line
from ops.shipped import shipped
from streams.catalog import PoolSpec, load
from streams.clock import RunClock
from streams.effects import Effects
from streams.events import Clock, Heartbeat, InputEvent, SensorReading, encode
from streams.shard import Shard

HOUR_S = 3600.0


class Motorway:
    """The demo's motorway without Kafka: its shard, and the console that reads what the shard says."""

    def __init__(self) -> None:
        (self.spec,) = load(shipped("catalogs/traffic.toml")).pools
        self.picture, self.shard, self.offset = Picture(), Shard("readings", 0, 1), 0
        self.silent = 0  # hours that closed without a forecast after the first one was made
        self.declare(self.spec)

    def declare(self, spec: PoolSpec) -> None:
        """Send the catalog's event, as `headgate model switch` does."""
        self.picture.fold(spec, 0.0)
        self.fold(spec)

    def fold(self, event: InputEvent) -> None:
        """Append an event to the log and show what it brings about."""
        effects: Effects = self.shard.apply(encode(event), offset=self.offset, wall_s=float(self.offset))
        self.offset += 1
        for message in (*effects.closed, *effects.changed):
            self.picture.fold(message, 0.0)
        self.silent += sum(one.forecast is None for one in effects.closed)

    def live(self, start_s: float) -> None:
        """Live through an hour."""
        self.fold(Clock(run_clock=RunClock(event_origin_s=start_s + HOUR_S, speed_up=0.0)))
        hour = int(start_s // HOUR_S) % 24
        reading = SensorReading(
            pool_id=POOL, resource_id=self.spec.resources[0].id, feed_id="counter", quantity="flow_vehicles_per_h",
            value=100.0 * (10 + hour % 12), observed_at_s=start_s + 60.0,
        )  # fmt: skip
        self.fold(reading)
        for feed in self.spec.feeds:
            self.fold(Heartbeat(pool_id=POOL, feed_id=feed.id, complete_until_s=start_s + HOUR_S))
        self.picture.put_view(self.shard.view(POOL), 0.0)


def test_the_motorways_model_is_switched_and_back_and_no_hour_is_without_a_forecast() -> None:
    """Begun, switched, begun, switched, each once and told once; the console's row names what learns beside."""
    motorway, switching = Motorway(), Switching()
    typed: list[tuple[str, ...]] = []
    told: list[str] = []
    start_s = FIRST_S - 21 * 24 * HOUR_S
    while start_s < FIRST_S - HOUR_S:  # history
        motorway.live(start_s)
        start_s += HOUR_S
    motorway.silent = 0
    assert switching.words(motorway.picture) is None

    while start_s < FIRST_S + 14 * 24 * HOUR_S:
        motorway.live(start_s)
        start_s += HOUR_S
        told += [line(one) for one in switching.news(motorway.picture)]
        words = switching.words(motorway.picture)
        if words:
            typed.append(words)
            motorway.declare(msgspec.structs.replace(motorway.spec, forecast=words[-1]))

    assert typed == [("model", "switch", POOL, "--to", OTHER), ("model", "switch", POOL, "--to", DEFAULT)]
    kinds = [(one.kind, one.model) for one in motorway.picture.pools[POOL].models if one.resource_id is None]
    assert kinds == [("begun", OTHER), ("switched", OTHER), ("begun", DEFAULT), ("switched", DEFAULT)]
    assert len(told) == 4
    assert f"serves from now on: the catalog asks for {OTHER}" in told[1]
    assert motorway.silent == 0


def test_nothing_is_typed_before_the_other_model_has_served_a_while() -> None:
    """A console that reads again from the start tells nothing twice."""
    motorway, switching = Motorway(), Switching()
    motorway.live(FIRST_S)
    assert switching.words(motorway.picture) == ("model", "switch", POOL, "--to", OTHER)
    for hour in range(1, int(STAY_S / HOUR_S) + 40):
        motorway.live(FIRST_S + hour * HOUR_S)
        assert switching.words(motorway.picture) is None  # nobody has declared the pool: the other never serves
    assert switching.news(motorway.picture) == []
